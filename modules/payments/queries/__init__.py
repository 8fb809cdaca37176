"""What payments knows. Reads only."""
