"""What partners and customers are granted beside money: credit with an advertiser, and perks."""
