"""What users does."""
