"""What shipping knows: rates, and shipments as they stand."""
