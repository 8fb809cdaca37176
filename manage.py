#!/usr/bin/env python
"""Banyan's command line: Django's commands, and those of design section 7."""

import sys

from monolith.command_line import main

if __name__ == "__main__":
    main(sys.argv)
