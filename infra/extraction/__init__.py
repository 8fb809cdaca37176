"""How a module leaves for a service of its own, live, and comes back. Nothing here knows a module's name."""
