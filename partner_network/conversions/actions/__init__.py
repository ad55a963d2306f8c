"""Store what an advertiser reports: all of a batch, once, or nothing."""
