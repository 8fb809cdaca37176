"""A stand-alone command for Django projects that were never meant to be modular: the map, the leaks, and what to cut first."""
