"""Drafting and signing: one module for each verb."""
