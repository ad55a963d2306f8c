"""Erase people and customers, and let go what has grown old."""
