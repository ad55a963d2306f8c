"""Agreements: what two brands sign, and the terms the engines run."""
