"""Read what a brand's pages show: its earnings, what it owes, the next payouts, the state of a statement."""
