"""Who uses whom: what counts, and what does not."""

from infra.boundaries.adoption.survey import Look
from infra.boundaries.adoption.uses import How, Use


def _between(look: Look, source: str) -> set[tuple[str, int, How]]:
    return {(use.reached, use.line, use.how) for use in look.uses if use.source == source}


def test_apps_are_found_by_models_migrations_or_configuration_with_their_labels(look: Look) -> None:
    assert {(app.name, app.label) for app in look.inventory.apps} == {
        ("shop.accounts", "accounts"),
        ("shop.back_office", "back_office"),
        ("shop.mail", "mail"),
        ("shop.sales", "sales"),
        ("shop.stock", "stock"),
    }


def test_imports_names_and_addresses_are_uses(look: Look) -> None:
    assert _between(look, "shop.sales.views") == {
        ("shop.accounts.models.Account", 2, How.IMPORT),
        ("shop.core.loading.get_class", 3, How.IMPORT),
        ("shop.stock.forms.StockForm", 4, How.NAME),  # a loader's name: an ending of a path, and a class in it
        ("shop.stock.models.Item", 6, How.IMPORT),
        ("shop.accounts", 7, How.LINK),
    }
    assert ("shop.sales.models.Order", 4, How.NAME) in _between(look, "shop.stock.views")  # apps.get_model
    assert ("shop.stock.models.Item", 6, How.NAME) in _between(look, "shop.sales.models")  # ForeignKey("stock.Item")


def test_files_in_other_encodings_are_read(look: Look) -> None:
    assert _between(look, "shop.sales.latin") == {("shop.mail.sending", 2, How.IMPORT)}
    assert _between(look, "shop.sales.marked") == {("shop.stock.forms.StockForm", 1, How.IMPORT)}


def test_tests_and_migrations_use_nothing(look: Look) -> None:
    assert not [use for use in look.uses if ".tests." in use.source or ".migrations." in use.source]


def test_a_text_that_leads_nowhere_is_no_use(look: Look) -> None:
    assert not [
        use for use in look.uses if use.source == "shop.settings" and use.target == "shop.accounts.models.Nothing"
    ]
    assert all(isinstance(use, Use) and use.target in look.inventory.facts for use in look.uses)


def test_files_that_cannot_be_read_are_named_with_the_reason(look: Look) -> None:
    unread = {file.path: file.reason for file in look.project.unread}

    assert set(unread) == {"shop/sales/broken.py", "shop/sales/undeclared.py", "shop/sales/zeros.py"}
    assert all(unread.values())
