"""Taking money for orders and giving it back: providers, invoices and credit notes, the ledger.

What was ordered is told by the caller, never asked for.
"""
