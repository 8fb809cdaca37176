"""What payments does. No provider is asked inside a transaction; each result is recorded in one short one."""
