"""The page of one's messages, of one's choices, and the way out of letters."""
