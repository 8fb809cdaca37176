"""What was released stays understood: contracts, events and the public API against what others were built for."""
