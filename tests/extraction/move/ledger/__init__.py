"""A made-up module: accounts, and entries that change their balance."""
