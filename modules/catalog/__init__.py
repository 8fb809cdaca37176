"""The catalog owns products, their prices and pictures, the category tree, search, and the stock; it asks no other module."""
