"""Read what decisions are made from, and decisions as each side may see them."""
