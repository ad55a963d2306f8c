"""People and machines: who is asking, for which brand, and what that lets them do."""
