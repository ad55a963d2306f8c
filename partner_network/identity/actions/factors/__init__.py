"""What people do about their second factors: enrol, give, renew, remove."""
