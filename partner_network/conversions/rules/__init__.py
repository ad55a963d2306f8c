"""What a report must say before it is stored."""
