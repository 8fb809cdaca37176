"""The record of truth: where each module lives and how far its move is, and which process acts on which revision of that.

`changing.py` writes it by compare-and-set, `following.py` brings each change to every process, `acknowledging.py` tells the
controller who acts on it already.
"""
