"""What each country asks of an address, and how a refusal names it."""

from dataclasses import replace

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from infra.postal_address import PostalAddress, country_name, normalised, normalised_country, problems_of

BERLIN = PostalAddress(name="Ada", line1="Allee 1", city="Berlin", postcode="10115", country="DE")
LOS_ANGELES = PostalAddress(
    name="Ada", line1="1 Main St", city="Los Angeles", region="CA", postcode="90012", country="US"
)

GOOD = [
    BERLIN,
    LOS_ANGELES,
    replace(LOS_ANGELES, postcode="90012-1234"),
    replace(LOS_ANGELES, region="California"),
    replace(BERLIN, country="GB", city="London", postcode="EC1Y 8SY"),
    replace(BERLIN, country="GB", city="Bootle", postcode="GIR 0AA"),
    replace(BERLIN, country="CA", city="Montréal", region="Québec", postcode="H2X 1Y4"),
    replace(BERLIN, country="CA", city="Montreal", region="quebec", postcode="h2x 1y4"),
    replace(BERLIN, country="IE", city="Dublin", postcode="A65 F4E2"),
    replace(BERLIN, country="IE", city="Dublin", region="a county spelt in its own way", postcode=""),
    replace(BERLIN, country="JP", city="", region="Tokyo", postcode="154-0023"),
    replace(BERLIN, country="JP", city="", region="東京都", postcode="154-0023"),
    replace(BERLIN, country="SG", city="", postcode="546080"),
    replace(BERLIN, country="AE", city="", region="Dubai", postcode=""),
    replace(BERLIN, country="HK", city="", region="Kowloon", postcode=""),
    replace(BERLIN, country="BR", city="Sao Paulo", region="SP", postcode="01310-100"),
    replace(BERLIN, country="AT", city="Wien", postcode="1010"),
    replace(BERLIN, country="NL", city="Amsterdam", postcode="1012 AB"),
    replace(BERLIN, country="PL", city="Warszawa", postcode="00-950"),
]


@pytest.mark.parametrize("address", GOOD, ids=lambda a: f"{a.country} {a.city} {a.region or ''} {a.postcode}")
def test_a_good_address_has_no_problems(address: PostalAddress) -> None:
    assert problems_of(address) == ()
    assert problems_of(normalised(address)) == ()
    assert normalised(normalised(address)) == normalised(address)


@pytest.mark.parametrize(
    ("address", "field", "code", "words"),
    [
        (replace(BERLIN, name=" "), "name", "required", "person or company"),
        (replace(BERLIN, line1=""), "line1", "required", "street"),
        (replace(BERLIN, city=""), "city", "required", "An address in Germany needs a city."),
        (replace(BERLIN, postcode=""), "postcode", "required", "An address in Germany needs a postcode."),
        (replace(BERLIN, postcode="1011"), "postcode", "malformed_postcode", "'1011' is no postcode of Germany."),
        (replace(BERLIN, postcode="10115 Berlin"), "postcode", "malformed_postcode", "It looks like"),
        (replace(LOS_ANGELES, postcode=""), "postcode", "required", "needs a ZIP code"),
        (replace(LOS_ANGELES, region=None), "region", "required", "An address in the United States needs a state."),
        (
            replace(LOS_ANGELES, region="Bavaria"),
            "region",
            "unknown_region",
            "The United States has no state 'Bavaria'.",
        ),
        (
            replace(LOS_ANGELES, postcode="10001"),
            "postcode",
            "postcode_not_in_region",
            "The ZIP code 10001 is not in California.",
        ),
        (replace(BERLIN, country="GB", postcode="GIR 0AA and more"), "postcode", "malformed_postcode", "EC1Y 8SY"),
        (
            replace(BERLIN, country="IE", postcode="12"),
            "postcode",
            "malformed_postcode",
            "'12' is no Eircode of Ireland.",
        ),
        (replace(BERLIN, country="IN", region="Goa", postcode="1"), "postcode", "malformed_postcode", "no PIN code"),
        (replace(BERLIN, country="AE", region=None), "region", "required", "needs an emirate"),
        (replace(BERLIN, country="GB", city="", postcode="EC1Y 8SY"), "city", "required", "needs a post town"),
        (replace(BERLIN, country="ZZ"), "country", "unknown_country", "'ZZ'"),
        (replace(BERLIN, country="D"), "country", "unknown_country", "two letters"),
        (replace(BERLIN, country=""), "country", "unknown_country", "two letters"),
        (replace(BERLIN, country="../de"), "country", "unknown_country", "two letters"),
        (replace(BERLIN, line2="second\nline"), "line2", "unprintable", "label"),
        (replace(BERLIN, name="a\x00"), "name", "unprintable", "label"),
    ],
)
def test_a_problem_is_named_by_field_and_code_in_the_words_of_the_country(
    address: PostalAddress, field: str, code: str, words: str
) -> None:
    (problem,) = problems_of(address)

    assert (problem.field, problem.code) == (field, code)
    assert words in problem.detail


def test_all_problems_are_named_at_once() -> None:
    fields = {problem.field for problem in problems_of(PostalAddress(name="", line1="", country="US"))}

    assert fields == {"name", "line1", "city", "region", "postcode"}


def test_an_address_is_written_as_its_country_writes_it() -> None:
    typed = PostalAddress(
        name="  Ada   Lovelace ", line1="1 Main St", line2=" ", city=" Montreal", region="quebec", postcode="h2x  1y4",
        country=" ca ",
    )  # fmt: skip

    assert normalised(typed) == PostalAddress(
        name="Ada Lovelace", line1="1 Main St", city="Montreal", region="QC", postcode="H2X 1Y4", country="CA"
    )


def test_a_region_is_not_turned_into_a_script_that_the_customer_did_not_use() -> None:
    assert normalised(replace(BERLIN, country="JP", region="Tokyo")).region == "Tokyo"


@pytest.mark.parametrize(("typed", "code"), [("de", "DE"), (" De ", "DE"), ("uk", "GB"), ("EL", "GR")])
def test_country_codes_are_taken_as_people_write_them(typed: str, code: str) -> None:
    assert normalised_country(typed) == code


def test_every_country_of_the_world_is_known() -> None:
    codes = [code for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha()]
    unknown = {
        code
        for code in codes
        if any(problem.code == "unknown_country" for problem in problems_of(replace(BERLIN, country=code)))
    }

    assert {"DE", "US", "JP", "XK", "TW"} & unknown == set()
    # Not countries, or places where nobody lives to whom one could send.
    assert len(set(codes) - unknown) >= 240


def test_a_country_has_a_name_for_people() -> None:
    assert country_name("DE") == "Germany"
    assert country_name("??") == "??"


@given(
    st.builds(
        PostalAddress,
        name=st.text(max_size=10),
        line1=st.text(max_size=10),
        line2=st.none() | st.text(max_size=10),
        city=st.text(max_size=10),
        region=st.none() | st.text(max_size=10) | st.sampled_from(["CA", "Tokyo", "SP", "QC"]),
        postcode=st.text(max_size=10) | st.sampled_from(["10115", "90012", "EC1Y 8SY"]),
        country=st.text(max_size=3) | st.sampled_from(["DE", "US", "JP", "BR", "CA", "CN", "KR", "GB"]),
    )
)
def test_any_text_at_all_is_judged_without_an_error(address: PostalAddress) -> None:
    for problem in problems_of(address):
        assert problem.field in PostalAddress.__dataclass_fields__
        assert problem.detail.strip()
