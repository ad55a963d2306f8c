"""The doors of programs: programs and partnerships as JSON, invitations also as a page."""
