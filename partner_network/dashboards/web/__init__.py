"""The pages of a partner brand, rendered on the server; all of them work without script."""
