"""Every fault at every step of a move, under customers. `make test` plays a few of them; `make faults` all, for hours."""
