"""The back office for partnership managers and finance."""
