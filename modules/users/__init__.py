"""Customers: who they are, how they prove it, where they want things sent, and what the shop writes to them.

Owns accounts, sign-ins and their tokens, address books, preferences and e-mails to customers. Leaves the accounts of the admin to
the composition root, and what was bought to orders.
"""
