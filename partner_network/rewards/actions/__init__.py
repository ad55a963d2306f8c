"""Grant, redeem and post: one module for each verb."""
