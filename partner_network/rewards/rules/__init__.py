"""What is granted, what is left of it, and who may still use it: pure."""
