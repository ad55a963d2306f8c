"""The doors of privacy: opting out, one's own data, and customers through their advertiser."""
