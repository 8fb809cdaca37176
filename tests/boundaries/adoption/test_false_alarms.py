"""What the rules once said wrongly of real projects, planted small; each beside the leak that it resembles."""

from pathlib import Path

import pytest

from infra.boundaries.adoption.survey import read, surveyed
from tests.boundaries.adoption.legacy import planted


def _found(folder: Path, files: dict[str, str | bytes]) -> set[tuple[str, str]]:
    look = read(planted(folder, files), lambda _: None)
    return {(finding.rule.id, finding.where) for finding in surveyed(look, None, lambda _: None).findings}


_IMPORTED_ELSEWHERE = "def one():\n    from shop.mail.sending import request\n    return request\n"


@pytest.mark.parametrize(
    ("innocent", "leak"),
    [
        pytest.param(
            {"shop/stock/patching.py": f"{_IMPORTED_ELSEWHERE}def other(request):\n    request.user = 3\n"},
            {"shop/stock/patching.py": f"{_IMPORTED_ELSEWHERE}def other():\n    request.user = 3\n"},
            id="a parameter that is called like something imported in another function",
        ),
        pytest.param(
            {
                "shop/urls.py": "urlpatterns = [path('find', view, name='find')]\n",
                "shop/mail/urls.py": "urlpatterns = [path('find', view, name='find')]\n",
                "shop/stock/patching.py": "\n\n\n\nhome = reverse('find')\n",
            },
            {
                "shop/mail/urls.py": "urlpatterns = [path('find', view, name='find')]\n",
                "shop/stock/patching.py": "\n\n\n\nhome = reverse('find')\n",
            },
            id="an address that the root names as well as a module",
        ),
        pytest.param(
            {"shop/stock/patching.py": "\n\n\n\nkey = import_string(settings.DEFAULT_AUTO_FIELD)\n"},
            {"shop/stock/patching.py": "\n\n\n\nkey = import_string(settings.KEY_OF_THIS_SHOP)\n"},
            id="a setting that names something of Django's own",
        ),
    ],
)
def test_innocent_code_of_real_projects_is_not_reported(
    tmp_path: Path, innocent: dict[str, str | bytes], leak: dict[str, str | bytes]
) -> None:
    place = "shop/stock/patching.py:5"

    assert place not in {where for _, where in _found(tmp_path / "innocent", innocent)}
    assert place in {where for _, where in _found(tmp_path / "leak", leak)}
