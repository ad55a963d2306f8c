from tests.doors import network

__all__ = ["network"]
