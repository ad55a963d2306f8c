"""What advertisers want promoted, and which brands promote it for them."""
