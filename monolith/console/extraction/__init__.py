"""The pages on which staff watch a module leave and come back, and ask for its next step.

They read alias `default` only: the record, its history, and what the carrier noted. Whoever moves data is the carrier; a button
here leaves a request for it.
"""
