"""The composition root of the payments service: one module, alone in its processes. README.md says how to start it."""
