"""What only the back office asks: the homes of its people, and lists across all brands."""
