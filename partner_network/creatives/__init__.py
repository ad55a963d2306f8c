"""The material that partners download: checked, made anew, kept by its hash."""
