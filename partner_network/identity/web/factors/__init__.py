"""The doors of second factors: giving one, setting them up, and the same as JSON."""
