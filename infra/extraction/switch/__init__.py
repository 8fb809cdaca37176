"""The moment in which a module's writes change from one database to another.

`transitions.py` declares what may change on either side; `gate.py` makes those changes on PostgreSQL, `steps.py` puts them in
order with a deadline for each, `recovery.py` brings any half-done switch to an end. `model/` explores the same declarations over
all interleavings and crashes.
"""
