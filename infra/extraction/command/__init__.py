"""`manage.py extract MODULE VERB`: what a person or a program at a prompt asks of a move.

`arguments.py` says what may be typed, `preconditions.py` what must hold and what would be done, `verbs.py` does it through
`infra.extraction.move.operations`, `watching.py` waits with progress, `telling.py` says what came of it.
"""
