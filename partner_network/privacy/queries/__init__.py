"""Everything that is held about one person, as they or their advertiser may read it."""
