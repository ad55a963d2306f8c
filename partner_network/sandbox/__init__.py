"""What stands in for the world outside, Stripe and the demo network; the product never imports it."""
