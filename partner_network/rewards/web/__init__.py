"""The doors of credit and perks."""
