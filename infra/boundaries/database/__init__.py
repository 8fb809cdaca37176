"""What the database itself says about the borders: roles, grants, and what in one schema leans on another (BND3xx)."""
