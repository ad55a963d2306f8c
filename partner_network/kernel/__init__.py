"""Money, periods, ids and errors: pure values that import nothing of ours."""
