"""`python -m infra.boundaries.adoption PATH`."""

from infra.boundaries.adoption.command import main

if __name__ == "__main__":
    raise SystemExit(main())
