"""Book what commissions come to, and let them mature."""
