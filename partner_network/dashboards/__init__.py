"""Read-only views over all slices, and the proof that they are right."""
