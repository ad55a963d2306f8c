"""Prove stored decisions: decide each again from its receipt's own facts, and compare all of it."""
