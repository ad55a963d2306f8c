"""The database, step by step; each file is SQL that runs once."""
