"""The switch as a model: every interleaving of coordinators, a recovery, writers and a server that cuts off."""
