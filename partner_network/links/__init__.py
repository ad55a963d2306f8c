"""Tracked links: who made them, where they lead, and which of them are live."""
