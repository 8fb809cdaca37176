"""A database engine for processes that keep connections in a pool."""
