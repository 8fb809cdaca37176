"""The composition root of the payments service; README.md says how to start it."""
