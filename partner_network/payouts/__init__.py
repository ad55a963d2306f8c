"""Money to partners: fund approved statements, send, reconcile."""
