"""Borders between modules: what each module declares, the rules that hold the borders, and what they find."""
