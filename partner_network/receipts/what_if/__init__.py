"""What if: the same orders under other terms or another policy, before and after; nothing is booked."""
