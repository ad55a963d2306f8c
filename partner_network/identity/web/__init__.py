"""The doors of identity: sessions and keys on each request, sign-in, invitations, API keys, brands."""
