"""What orders does: one function per intention."""
