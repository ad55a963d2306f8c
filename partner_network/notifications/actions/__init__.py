"""Tell people, keep what they choose and have read, and post what waits."""
