"""Promo codes: whose they are, and who gives and withdraws them."""
