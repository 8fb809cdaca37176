"""What orders knows: read only, plain values out."""
