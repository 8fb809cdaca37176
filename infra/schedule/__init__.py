"""Work that is due again and again, once per period over all processes."""
