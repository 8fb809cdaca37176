"""What must hold, one topic per file. Each names tables of one module, and is read at that module's home."""
