"""A believable catalogue for people who try the shop, made from the words and shapes in this folder."""

from modules.catalog.use_cases.sample.catalogue import Sample, draw_missing_pictures, store_sample

__all__ = ["Sample", "draw_missing_pictures", "store_sample"]
