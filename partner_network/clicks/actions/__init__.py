"""What is done with clicks, a file a verb."""
