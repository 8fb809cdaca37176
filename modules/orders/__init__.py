"""Carts, orders and the checkout: who wants to buy what, at which price, and how that ended.

Owns carts, orders as they were placed, their history, and the checkout saga. Leaves prices and stock to the catalog, money to
payments, parcels to shipping, customers to users.
"""
