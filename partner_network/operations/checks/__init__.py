"""What an operator wants to know before others find out: one look at each thing that can be wrong."""
