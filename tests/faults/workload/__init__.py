"""A day in the shop, over HTTP, and what must hold afterwards.

Customers and staff act as the public API lets them (`customers.py`, `staff.py`), write down what they are about to do and what
was answered (`journal.py`), and `invariants/` compares that with what the shop remembers. Nothing here knows whether a module
moves meanwhile, or what is killed: it runs against any address.
"""
