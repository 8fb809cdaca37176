"""The edge: a real Caddy in front of two real, small HTTP servers."""
