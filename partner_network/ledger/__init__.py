"""Double entry: accounts, entries, balances; what is written stays as it is."""
