"""Recompute everything from facts and signed terms alone, and compare it with what is booked and paid."""
