"""Plays the part of Stripe that payouts need, over HTTP on loopback, as Stripe describes itself."""
