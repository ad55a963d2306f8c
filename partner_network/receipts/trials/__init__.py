"""Trials: what other terms would have paid on the past; nothing is booked."""
