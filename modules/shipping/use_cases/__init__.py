"""What shipping does: prepare shipments, let them leave, follow them."""
