"""The composition root of the payments service."""
