"""Messages to people: what happened, to those whom it concerns, on their page and by letter."""
