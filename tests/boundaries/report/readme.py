"""What infra/boundaries/README.md says of rules and of the zoo. `python -m tests.boundaries.report.readme` writes it anew."""

from __future__ import annotations

import os
import re
from pathlib import Path

README = Path(__file__).resolve().parents[3] / "infra" / "boundaries" / "README.md"
_TABLE = re.compile(r"(<!-- rules: [^\n]* -->\n).*?(<!-- /rules -->)", re.DOTALL)
_SCORE = re.compile(r"leak zoo: \d+ of .*")


def as_it_should_be(text: str) -> str:
    """Return a page with the rules and the score that there are."""
    from infra.boundaries.report import rule_table
    from infra.boundaries.report.layers import every_rule
    from tests.boundaries.zoo.score import full_score
    from tests.boundaries.zoo.specimens import all_specimens

    table = rule_table.markdown(every_rule().values())
    text = _TABLE.sub(lambda found: f"{found[1]}\n{table}\n{found[2]}", text)
    return _SCORE.sub(full_score(all_specimens()), text)


if __name__ == "__main__":
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "monolith.settings.test"
    django.setup()
    for page in (README, README.parents[2] / "README.md"):
        page.write_text(as_it_should_be(page.read_text()))
