"""The end of a move: the monolith's tables are put aside, exported and, after a time of grace, dropped.

`completing.py` has the order of it, `looking.py` what must hold before, `disuse.py` the proof that nobody uses the old tables,
`setting_aside.py` and `exporting.py` what happens to them, `dropping.py` their end.
"""

from infra.extraction.retiring.completing import Completed, complete

__all__ = ["Completed", "complete"]
