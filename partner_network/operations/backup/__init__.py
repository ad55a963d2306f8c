"""One file that holds everything an installation cannot make again, and the way back from it."""
