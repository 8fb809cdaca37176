"""What users knows."""
