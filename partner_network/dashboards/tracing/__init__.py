"""Money traced from a payout back through statement, line and commission to click and clause."""
