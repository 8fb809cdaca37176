"""A module that is only read, and whose views are only looked at."""
