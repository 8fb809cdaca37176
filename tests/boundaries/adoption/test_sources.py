"""Where the packages of a foreign project are."""

from pathlib import Path

import pytest

from infra.boundaries.adoption.sources import NoProjectError, place_of


def _written(folder: Path, *files: str) -> Path:
    for name in files:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("import apps.orders\n" if name == "apps/orders/models.py" else "")
    return folder


def test_a_checkout_holds_its_packages_and_single_files(tmp_path: Path) -> None:
    place = place_of(_written(tmp_path, "manage.py", "setup.py", "shop/__init__.py", "tests/__init__.py"))

    assert place.root == tmp_path
    assert place.tops == ("shop", "manage")


def test_an_installed_package_may_be_given_itself_or_any_folder_in_it(tmp_path: Path) -> None:
    _written(tmp_path, "shop/__init__.py", "shop/apps/__init__.py", "other/__init__.py")

    assert place_of(tmp_path / "shop").tops == ("shop",)
    assert place_of(tmp_path / "shop" / "apps") == place_of(tmp_path / "shop")


def test_packages_lie_in_src_or_in_a_folder_of_any_name(tmp_path: Path) -> None:
    assert place_of(_written(tmp_path / "a", "src/shop/__init__.py")).tops == ("shop",)
    assert place_of(_written(tmp_path / "b", "backend/shop/__init__.py")).tops == ("shop",)


def test_a_folder_of_apps_is_called_as_the_project_calls_it(tmp_path: Path) -> None:
    on_the_path = _written(tmp_path / "a", "apps/orders/__init__.py", "apps/stock/__init__.py")
    namespace = _written(tmp_path / "b", "apps/orders/__init__.py", "apps/orders/models.py")

    assert place_of(on_the_path).tops == ("orders", "stock")
    assert place_of(namespace).tops == ("apps",)


def test_a_virtual_environment_is_no_part_of_a_project(tmp_path: Path) -> None:
    _written(tmp_path, "shop/__init__.py", "env/pyvenv.cfg", "env/django/__init__.py", ".venv/django/__init__.py")

    assert place_of(tmp_path).tops == ("shop",)


@pytest.mark.parametrize("files", [("README.py",), ("docs/page.txt",)])
def test_a_folder_without_packages_is_refused_with_what_to_give(tmp_path: Path, files: tuple[str, ...]) -> None:
    with pytest.raises(NoProjectError, match="Give the folder in which `import"):
        place_of(_written(tmp_path, *files))


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoProjectError, match="is no folder"):
        place_of(tmp_path / "nowhere")
