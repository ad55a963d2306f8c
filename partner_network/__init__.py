"""Brands promote each other, and every cent can be traced to a clause both signed."""
