"""What people do about themselves: sign in, invite, hold keys."""
