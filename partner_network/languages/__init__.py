"""The languages that people are spoken to in: whose turn it is, the words of each, amounts and dates."""
