"""The data plane: what writes on one side is seen, carried to the other, and compared, while customers keep writing."""
