"""Attribution: who gets a conversion, and why."""
