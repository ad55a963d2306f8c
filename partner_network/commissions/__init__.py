"""Commissions: what one partnership earns, by which clause, to the last minor unit."""
