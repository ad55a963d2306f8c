"""Facts that advertisers report: customers, who clicked, conversions and refunds."""
