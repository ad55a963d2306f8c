"""Running an installation: its first day, its check-up, its backup and the change of its keys."""
