"""Serving on one machine: a web server as a child, watched and stopped in order; one at a time per place."""
