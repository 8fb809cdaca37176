from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.models import Sum

from infra.events.testing import deliver_all
from modules.catalog import queries, use_cases
from modules.catalog.models import Category, Image, Movement, Price, Product, Reservation, Stock, Variant
from modules.catalog.queries import Filters, Sort
from tests.catalog.factories import eur, product

pytestmark = pytest.mark.usefixtures("database")

DATA = Path(os.environ.get("BANYAN_DATA_DIR", Path(settings.BASE_DIR).parent / "shared" / "data"))
HEADER = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,"
    "Variant SKU,Variant Grams,Variant Inventory Qty,Variant Price,Image Src,Image Alt Text"
)
VASE = (
    "vase,Vase,<p>Thrown by hand.</p>,Ton,Home > Vases,gift,true,Size,Small,,,,500,3,19.90,https://example.com/1.jpg,"
)
LARGE_VASE = "vase,,,,,,,,Large,,,,700,4,29.90,https://example.com/2.jpg,Large one"
LAMP = "lamp,Lamp,,,,,true,Title,Default Title,,,LAMP-1,,0,49,,"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    return Write(tmp_path)


class Write:
    """Writes import files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def csv(self, *rows: str, name: str = "products.csv", header: str = HEADER) -> Path:
        return self.file("\n".join([header, *rows]).encode(), name)

    def jsonl(self, *rows: str) -> Path:
        return self.file("\n".join(rows).encode(), "products.jsonl")

    def file(self, content: bytes, name: str = "products.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path


def run(path: Path, *options: str) -> str:
    """Import a file and return the summary's figures: two lines of created, updated, unchanged, failed."""
    out = io.StringIO()
    call_command("import_products", str(path), *options, stdout=out, stderr=io.StringIO())
    return figures(out.getvalue())


def figures(text: str) -> str:
    rows = [line.split() for line in text.splitlines() if line.strip().startswith(("products", "variants"))]
    return "; ".join(" ".join(row[1:]) for row in rows)


def refused(path: Path, *options: str) -> tuple[str, list[str], str]:
    """Import a file that has errors; return the closing sentence, the errors, and the summary's figures."""
    out, errors = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError) as refusal:
        call_command("import_products", str(path), *options, stdout=out, stderr=errors)
    assert refusal.value.returncode == 1
    lines = [line for line in errors.getvalue().splitlines() if line.startswith("line ")]
    return str(refusal.value), lines, figures(out.getvalue())


def nothing_is_stored() -> bool:
    models = (Product, Variant, Price, Stock, Movement, Category, Image)
    return not any(model.objects.exists() for model in models)


@pytest.mark.parametrize(("name", "products", "variants"), [("apparel.csv", 20, 22), ("home-and-garden.csv", 20, 21)])
def test_real_files_import_completely_and_the_second_time_nothing_changes(
    name: str, products: int, variants: int
) -> None:
    if not (DATA / name).exists():
        pytest.skip(f"{name} is not in {DATA}; BANYAN_DATA_DIR names the folder with Shopify's sample files")

    first = run(DATA / name, "--currency", "EUR")
    again = run(DATA / name, "--currency", "EUR")

    assert first == f"{products} 0 0 0; {variants} 0 0 0"
    assert again == f"0 0 {products} 0; 0 0 {variants} 0"
    assert (Product.objects.count(), Variant.objects.count()) == (products, variants)
    assert len(queries.listed_products(Filters(currency="EUR"), sort=Sort.NEWEST, limit=100)) == products
    assert queries.discrepancies() == []


def test_a_product_of_several_rows_is_read_whole(write: Write) -> None:
    assert run(write.csv(VASE, LARGE_VASE, LAMP)) == "2 0 0 0; 3 0 0 0"

    vase = Product.objects.get(handle="vase")
    small, large = vase.variants.order_by("position")
    assert (vase.title, vase.vendor, vase.tags, vase.description) == ("Vase", "Ton", ["gift"], "Thrown by hand.")
    assert vase.category is not None
    assert vase.category.slug == "vases"
    assert (small.sku, small.options, small.weight_grams) == ("vase.small", [["Size", "Small"]], 500)
    assert (large.sku, large.options) == ("vase.large", [["Size", "Large"]])
    assert list(vase.images.values_list("url", "alternative_text")) == [
        ("https://example.com/1.jpg", "Vase"),
        ("https://example.com/2.jpg", "Large one"),
    ]
    offers = queries.offers(["vase.large", "LAMP-1"], currency="EUR")
    assert (offers["vase.large"].unit_price, offers["vase.large"].available) == (eur("29.90"), 4)
    assert (offers["LAMP-1"].name, offers["LAMP-1"].available) == ("Lamp", 0)


def test_the_currency_is_chosen(write: Write) -> None:
    run(write.csv(LAMP), "--currency", "USD")

    assert Price.objects.get().currency == "USD"


@pytest.mark.parametrize("currency", ["eur", "EURO", "XXZ"])
def test_an_unknown_currency_is_refused(write: Write, currency: str) -> None:
    with pytest.raises(CommandError, match="ISO 4217"):
        run(write.csv(LAMP), "--currency", currency)


def test_only_what_differs_is_changed(write: Write, heard: list[str]) -> None:
    run(write.csv(VASE, LARGE_VASE, LAMP))
    deliver_all()
    versions = dict(Product.objects.values_list("handle", "version"))

    result = run(write.csv(VASE, LARGE_VASE.replace("29.90", "25.00").replace(",4,", ",9,"), LAMP))

    assert result == "0 1 1 0; 0 1 2 0"
    assert Price.objects.get(variant__sku="vase.large").amount == 2500
    assert Stock.objects.get(variant__sku="vase.large").on_hand == 9
    assert Product.objects.get(handle="vase").version == versions["vase"] + 1
    assert Product.objects.get(handle="lamp").version == versions["lamp"]
    deliver_all()
    assert heard == ["+Vase", "+Lamp"]
    assert queries.discrepancies() == []


def test_a_variant_that_gets_a_sku_of_its_own_stays_the_same_variant(write: Write) -> None:
    run(write.csv(VASE, LARGE_VASE))
    small = Variant.objects.get(sku="vase.small").id

    assert (
        run(write.csv(VASE.replace(",,,,500", ",,,V-S,500").replace("Small,,,,", "Small,,,V-S,"), LARGE_VASE))
        == "0 1 0 0; 0 1 1 0"
    )

    assert Variant.objects.get(sku="V-S").id == small
    assert run(write.csv(VASE, LARGE_VASE)) == "0 0 1 0; 0 0 2 0"


def test_variants_that_a_file_no_longer_names_are_no_longer_sold(write: Write) -> None:
    run(write.csv(VASE, LARGE_VASE))

    run(write.csv(VASE))

    assert set(queries.offers(["vase.small", "vase.large"], currency="EUR")) == {"vase.small"}
    assert Stock.objects.get(variant__sku="vase.large").on_hand == 4
    run(write.csv(VASE, LARGE_VASE))
    assert set(queries.offers(["vase.small", "vase.large"], currency="EUR")) == {"vase.small", "vase.large"}


def test_what_a_file_calls_unpublished_is_not_on_sale_unless_asked_for(write: Write) -> None:
    draft = write.csv(LAMP.replace("true", "false"))

    run(draft)
    assert queries.offers(["LAMP-1"], currency="EUR") == {}

    run(draft, "--publish")
    assert "LAMP-1" in queries.offers(["LAMP-1"], currency="EUR")


def test_stock_can_be_left_alone(write: Write) -> None:
    run(write.csv(LAMP.replace(",0,", ",5,")))

    assert run(write.csv(LAMP.replace(",0,", ",9,")), "--keep-stock") == "0 0 1 0; 0 0 1 0"

    assert Stock.objects.get().on_hand == 5


def test_a_dry_run_tells_everything_and_changes_nothing(write: Write, heard: list[str]) -> None:
    assert run(write.csv(VASE, LARGE_VASE, LAMP), "--dry-run") == "2 0 0 0; 3 0 0 0"

    assert nothing_is_stored()
    deliver_all()
    assert heard == []


def test_one_error_keeps_the_whole_file_out(write: Write) -> None:
    path = write.csv(VASE, LARGE_VASE.replace("29.90", "29.999"), LAMP)

    sentence, errors, summary = refused(path)

    assert errors == ["line 3: '29.999' has more decimals than EUR has."]
    assert sentence.startswith("1 error; nothing was imported.")
    assert summary == "1 0 0 1; 1 0 0 1"
    assert nothing_is_stored()


def test_products_without_errors_can_be_imported_alone(write: Write) -> None:
    sentence, _, summary = refused(write.csv(VASE, LARGE_VASE.replace("29.90", "x"), LAMP), "--skip-bad")

    assert sentence == "1 error; the other products were imported."
    assert summary == "1 0 0 1; 1 0 0 1"
    assert list(Product.objects.values_list("handle", flat=True)) == ["lamp"]


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        (LAMP.replace("49", ""), "The variant has no price."),
        (LAMP.replace("49", "-1"), "The price -1.00 EUR is negative or too large."),
        (LAMP.replace("49", '"49,50"'), "'49,50' is not an amount; write it like 19.90."),
        (LAMP.replace("49", "NaN"), "'NaN' is not an amount; write it like 19.90."),
        (LAMP.replace(",0,", ",-3,"), "The quantity -3 is negative or too large."),
        (LAMP.replace(",0,", ",many,"), "The quantity 'many' is not a whole number."),
        (LAMP.replace(",0,", ",1e300,"), "The quantity '1e300' is not a whole number."),
        (LAMP.replace("lamp,Lamp", "lamp,"), "The title is empty."),
        (LAMP.replace("lamp,Lamp", ",Lamp"), "The line has no handle."),
        (LAMP.replace("Lamp", "L" * 256), "The title has 256 characters; 255 are allowed."),
        (LAMP.replace("Lamp", "La\x07mp"), "The title has unprintable characters."),
        (LAMP.replace("true", "perhaps"), "Published is 'perhaps'; write true or false."),
        (LAMP + ",,more", "The line has 19 cells, the header 17; is a comma not quoted?"),
        (
            LAMP[:-2] + ",ftp://example.com/a.jpg,",
            "The image address 'ftp://example.com/a.jpg' is none that a browser could load.",
        ),
        (LAMP.replace("Title,Default Title", "Size,"), "The option Size has no value."),
        (
            LAMP.replace("Title,Default Title", ",Large"),
            "The option Large has no name; names stand in the first line of a product.",
        ),
    ],
)
def test_each_error_is_told_with_its_line(write: Write, row: str, detail: str) -> None:
    _, errors, _ = refused(write.csv(VASE, row))

    assert errors == [f"line 3: {detail}"]
    assert nothing_is_stored()


def test_all_errors_are_told_at_once(write: Write) -> None:
    rows = [LAMP.replace("lamp", f"lamp-{n}").replace("LAMP-1", f"L-{n}").replace("49", "x") for n in range(500)]

    _, errors, summary = refused(write.csv(*rows))

    assert len(errors) == 500
    assert summary == "0 0 0 500; 0 0 0 500"


def test_a_sku_of_two_products_is_an_error_of_both(write: Write) -> None:
    path = write.csv(LAMP, LAMP.replace("lamp,Lamp", "torch,Torch"), VASE)

    _, errors, summary = refused(path, "--skip-bad")

    assert errors == ["line 3: The SKU LAMP-1 stands in line 2 already, of lamp."]
    assert summary == "1 0 0 2; 1 0 0 2"


def test_a_sku_of_a_product_in_the_catalogue_is_an_error(write: Write) -> None:
    product("Torch", sku="LAMP-1", handle="torch")

    _, errors, _ = refused(write.csv(LAMP))

    assert errors == ["line 2: The SKU LAMP-1 belongs to the product torch."]


def test_a_sku_twice_in_a_product_is_an_error(write: Write) -> None:
    _, errors, _ = refused(write.csv(VASE, LARGE_VASE.replace("Large,", "Small,", 1)))

    assert errors == [
        "line 3: The SKU vase.small stands in line 2 already.",
        "line 3: A variant with these options stands in line 2 already.",
    ]


def test_the_rows_of_a_product_must_stand_together(write: Write) -> None:
    _, errors, summary = refused(write.csv(VASE, LAMP, LARGE_VASE), "--skip-bad")

    assert "line 4: The product vase stands in line 2 already." in errors
    assert summary.startswith("1 0 0 2;")


def test_a_quantity_below_what_is_reserved_is_an_error(write: Write) -> None:
    run(write.csv(LAMP.replace(",0,", ",5,")))
    variant = Variant.objects.get()
    use_cases.reserve_stock(key="order-1", quantities={variant.id: 3}, hold_seconds=600)

    _, errors, _ = refused(write.csv(LAMP.replace(",0,", ",2,")))

    assert errors == ["line 2: More pieces of LAMP-1 are reserved for orders than the quantity says."]
    assert Stock.objects.get().on_hand == 5
    assert Reservation.objects.get().state == "held"
    assert run(write.csv(LAMP.replace(",0,", ",3,"))) == "0 1 0 0; 0 1 0 0"


def test_line_breaks_and_quotes_inside_of_cells_do_not_shift_the_lines(write: Write) -> None:
    body = '"<p>One\nTwo ""quoted""</p>\n"'

    _, errors, _ = refused(write.csv(VASE.replace("<p>Thrown by hand.</p>", body), LAMP.replace("49", "x")))

    assert errors == ["line 5: 'x' is not an amount; write it like 19.90."]


def test_dangerous_html_is_cleaned(write: Write) -> None:
    body = '"<p onclick=""x()"">Hello <script>alert(1)</script><a href=""javascript:x()"">you</a></p>"'

    run(write.csv(VASE.replace("<p>Thrown by hand.</p>", body)))

    stored = Product.objects.get()
    assert stored.description == "Hello you"
    assert "script" not in stored.description_html
    assert "onclick" not in stored.description_html


def test_semicolons_tabs_and_marks_at_the_beginning_are_understood(write: Write) -> None:
    rows = [HEADER, LAMP]

    assert run(write.file(("\ufeff" + "\r\n".join(rows)).encode())) == "1 0 0 0; 1 0 0 0"
    assert run(write.file("\n".join(rows).replace(",", ";").encode())) == "0 0 1 0; 0 0 1 0"
    assert run(write.file("\n".join(rows).replace(",", "\t").encode())) == "0 0 1 0; 0 0 1 0"


def test_another_encoding_is_told_with_its_line_and_can_be_named(write: Write) -> None:
    path = write.file("\n".join([HEADER, LAMP, VASE.replace("Vase", "Väse")]).encode("cp1252"))

    sentence, _, _ = refused(path)
    assert sentence.startswith("Line 3 is not UTF-8 (byte 0xe4).")
    assert nothing_is_stored()

    run(path, "--encoding", "cp1252")
    assert Product.objects.get(handle="vase").title == "Väse"


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "a.csv", "a.csv is empty."),
        (b"  \n\n", "a.csv", "a.csv is empty."),
        (b"id,price\n1,2\n", "a.csv", "Handle, Title not found"),
        (HEADER.encode(), "a.csv", "has a header but no products"),
        (HEADER.encode() + b",Handle\nx\n", "a.csv", "twice: handle"),
        (HEADER.encode() + b'\n"vase,Vase\n', "a.csv", "Line 2 cannot be read as CSV"),
        (HEADER.encode("utf-16"), "a.csv", "is UTF-16"),
        (b"PK\x03\x04rest", "a.xlsx", "is no text file"),
        (b'[{"handle": "x"}]', "a.json", "is one JSON list"),
    ],
)
def test_a_file_of_no_use_is_refused_in_one_sentence(write: Write, content: bytes, name: str, sentence: str) -> None:
    refusal, _, _ = refused(write.file(content, name))

    assert sentence in refusal
    assert nothing_is_stored()


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert "There is no file" in refused(tmp_path / "missing.csv")[0]
    assert "is not a file" in refused(tmp_path)[0]


STOOL = (
    '{"handle": "stool", "title": "Stool", "category": ["Home", "Furniture"], "tags": ["new"], "vendor": "Holz",'
    ' "images": [{"url": "/media/stool.svg", "alt": "A stool"}], "variants": ['
    '{"sku": "STOOL-45", "options": {"Height": "45 cm"}, "price": "79.10", "prices": {"USD": 89.1}, "quantity": 12},'
    '{"options": {"Height": "65 cm"}, "price": 99, "tracked": false, "requiresShipping": false}]}'
)


def test_json_lines_import_with_prices_in_several_currencies(write: Write) -> None:
    path = write.jsonl(STOOL, "")

    assert run(path) == "1 0 0 0; 2 0 0 0"
    assert run(path) == "0 0 1 0; 0 0 2 0"

    assert queries.offers(["STOOL-45"], currency="EUR")["STOOL-45"].unit_price == eur("79.10")
    assert queries.offers(["STOOL-45"], currency="USD")["STOOL-45"].unit_price.amount == 8910
    derived = next(
        offer
        for sku, offer in queries.offers(list(Variant.objects.values_list("sku", flat=True)), currency="EUR").items()
        if sku != "STOOL-45"
    )
    assert (derived.sku, derived.requires_shipping) == ("stool.65-cm", False)


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        ("{", "The line is not JSON"),
        ('{"handle": "a"}', "missing required field `title`"),
        (STOOL.replace('"vendor"', '"brand"'), "unknown field `brand`"),
        (STOOL.replace('"79.10"', '"79.105"'), "has more decimals than EUR has"),
        (STOOL.replace('"USD"', '"ZZZ"'), "not an ISO 4217 currency code"),
        (STOOL.replace('"tags"', '"attributes": {"material": "Oak"}, "tags"'), "There is no attribute material"),
        (STOOL.replace('"variants": [', '"variants": [], "x": ['), "unknown field `x`"),
        (STOOL[: STOOL.index("[{")] + '[], "variants": []}', "has no variant"),
    ],
)
def test_errors_in_json_lines_are_told_with_their_line(write: Write, row: str, detail: str) -> None:
    _, errors, _ = refused(write.jsonl(STOOL.replace("stool", "chair").replace("STOOL", "CHAIR"), row))

    assert len(errors) == 1
    assert errors[0].startswith("line 2: ")
    assert detail in errors[0]
    assert nothing_is_stored()


def test_the_stock_of_an_import_is_in_the_books(write: Write) -> None:
    run(write.csv(VASE, LARGE_VASE))
    run(write.csv(VASE.replace(",3,", ",1,"), LARGE_VASE))

    assert Movement.objects.filter(reference="import products.csv").aggregate(Sum("quantity")) == {"quantity__sum": 5}
    assert queries.discrepancies() == []
