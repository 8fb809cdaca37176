"""Modules that live alone: one folder each, a second and small composition root. README.md is the migration guide."""
