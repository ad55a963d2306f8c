"""Clicks on tracked links: told apart, recorded before they are answered, never doubled."""
