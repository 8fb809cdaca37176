"""What the survey concludes from what it found."""

from pathlib import Path

import pytest

from infra.boundaries.adoption import mapping
from infra.boundaries.adoption.mapping import ModuleMap
from infra.boundaries.adoption.survey import Look, Survey, read, surveyed
from tests.boundaries.adoption.legacy import MAP


@pytest.fixture
def modules(tmp_path: Path) -> ModuleMap:
    file = tmp_path / "map.toml"
    file.write_text(MAP)
    return mapping.read(file)


@pytest.fixture
def survey(look: Look, modules: ModuleMap) -> Survey:
    return surveyed(look, modules, lambda _: None)


def test_leaks_are_found_by_the_static_rules(survey: Survey) -> None:
    found = {(finding.rule.id, finding.where) for finding in survey.findings}

    assert found >= {
        ("BND101", "shop/sales/views.py:2"),
        ("BND102", "shop/sales/views.py:6"),
        ("BND104", "shop/stock/views.py:4"),
        ("BND107", "shop/sales/models.py:6"),
        ("BND108", "shop/sales/models.py:7"),
        ("BND111", "shop/sales/views.py:7"),
        ("BND117", "shop/sales/migrations/0001_initial.py:3"),
    }


def test_what_is_public_or_in_the_same_module_is_no_leak(survey: Survey) -> None:
    places = {finding.where for finding in survey.findings}

    assert "shop/sales/marked.py:1" not in places  # stock.forms is public
    assert "shop/accounts/models.py:3" not in places  # accounts and mail are both people
    assert "shop/sales/tests/test_order.py:1" not in places
    assert not [where for where in places if where.startswith("shop/urls.py")]  # above all modules


def test_public_uses_are_on_the_map_all_the_same(survey: Survey) -> None:
    arrow = next(arrow for arrow in survey.arrows if arrow.pair == ("sales", "stock"))

    assert ("shop/sales/marked.py", 1) in arrow.spots
    assert "shop/sales/marked.py" not in arrow.files  # nothing there has to be touched


def test_circles_and_the_pairs_in_them(survey: Survey) -> None:
    assert survey.knots == (("back_office", "people", "sales", "stock"),)
    assert ("sales", "stock") in survey.short_circles
    assert (survey.tangles[0].one, survey.tangles[0].other) == ("sales", "stock")
    assert ("stock", "sales") in survey.backwards  # one place, against five the other way


def test_sizes_leave_tests_out(survey: Survey) -> None:
    sales = next(figures for figures in survey.figures if figures.name == "sales")

    assert (sales.files, sales.models, sales.used_by, sales.uses) == (9, 1, 3, 3)


def test_the_best_cut_is_small_and_breaks_circles(survey: Survey) -> None:
    first = survey.cuts[0]

    assert first.title in {"back_office -> sales", "people -> sales", "stock -> sales"}
    assert first.circles
    assert len(first.files) == 1
    assert all(earlier.worth >= later.worth for earlier, later in zip(survey.cuts, survey.cuts[1:], strict=False))


def test_a_relation_is_counted_as_a_migration_to_write(survey: Survey) -> None:
    cut = next(cut for cut in survey.cuts if cut.title == "sales -> stock")

    assert cut.migrations == 1
    assert "becomes an id" in cut.advice


def test_what_half_the_project_needs_is_better_moved_than_cut(survey: Survey) -> None:
    cut = next(cut for cut in survey.cuts if cut.title.startswith("move shop.back_office.exports"))

    assert cut.title.endswith("to what is shared")
    assert "shop.back_office.rows along" in cut.advice  # it needs that one itself
    assert "sales -> back_office" not in {cut.title for cut in survey.cuts}  # the move ends the arrow


def test_a_file_with_most_of_its_ties_elsewhere_is_said_to_be_misplaced(shop: Path, modules: ModuleMap) -> None:
    (shop / "shop/mail/counting.py").write_text(
        "from shop.stock.models import Item\nfrom shop.stock.views import item\nfrom shop.stock import apps, models\n"
        "from shop.stock.exporting import StockExport\n"
    )

    cuts = surveyed(read(shop, lambda _: None), modules, lambda _: None).cuts

    assert "move shop.mail.counting to stock" in {cut.title for cut in cuts}


def test_plumbing_that_uses_a_module_is_an_arrow(shop: Path, modules: ModuleMap) -> None:
    (shop / "shop/core/words.py").write_text("from shop.sales.models import Order\n")

    survey = surveyed(read(shop, lambda _: None), modules, lambda _: None)

    assert [arrow.pair for arrow in survey.from_shared] == [("(shared)", "sales")]
    assert "BND129" in {finding.rule.id for finding in survey.findings}
