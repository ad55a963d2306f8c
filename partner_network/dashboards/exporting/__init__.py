"""All that one brand may see, as files whose money anybody can recompute without our database."""
