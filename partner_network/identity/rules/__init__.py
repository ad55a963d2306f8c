"""The rules of people and machines: what they may do, and what proves who they are."""
