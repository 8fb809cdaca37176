"""Leaks that show in the source text, each beside the text that is innocent and looks most like it.

Most are planted into `sales`, which may ask `stock` and hear it, and has no business inside it.
"""

from tests.boundaries.zoo.static_imports import IMPORTS, NAMES
from tests.boundaries.zoo.static_reactions import THE_REST
from tests.boundaries.zoo.static_rows import ROWS

SPECIMENS = (*IMPORTS, *NAMES, *ROWS, *THE_REST)
