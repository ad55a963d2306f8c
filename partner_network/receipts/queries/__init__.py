"""Reads of receipts, of lists of conversions, and of what is known about a missing order."""
