"""What one conversion earns a partner, line by line, and where that money lies."""
