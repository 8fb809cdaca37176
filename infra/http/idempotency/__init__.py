"""Idempotency keys: the same request sent again is answered the same, and done once."""
