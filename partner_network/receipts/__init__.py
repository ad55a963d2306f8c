"""Receipts: why each conversion is whose, proved again, and what other terms would have paid."""
