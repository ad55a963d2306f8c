"""What a receipt shows to whom, and what it says, as plain values."""
