"""Which kinds of messages there are, and when a letter goes; pure."""
