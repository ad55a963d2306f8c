"""Onboard, fund, send and reconcile."""
