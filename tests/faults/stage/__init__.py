"""A whole shop as real processes, apart from every other: its own folder, databases and ports, and whatever has left it."""
