"""Whatever value of a contract's types: it comes back equal, and it is another object."""

from datetime import UTC, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from infra.contracts.declaration import declaration_of
from infra.money import Money
from tests.infra.contracts.echo import Colour, EchoContract, Leaf, Tree

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_instants = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9, minutes=-30))]))
_trees = st.builds(
    Tree,
    id=st.uuids(),
    name=_text,
    rings=st.integers(-(2**63), 2**63 - 1),
    is_felled=st.booleans(),
    planted_on=st.dates(),
    felled_at=st.none() | _instants,
    height=st.decimals(allow_nan=False, allow_infinity=False),
    price=st.builds(Money, st.integers(-(10**15), 10**15), st.sampled_from(["EUR", "JPY"])),
    leaves=st.lists(st.builds(Leaf, grown_at=_instants, colour=st.sampled_from(Colour)), max_size=3).map(tuple),
    notes=st.dictionaries(_text, st.none() | _text, max_size=3),
    stands_at=st.none(),
)


@given(_trees)
def test_a_value_comes_back_equal_and_new(tree: Tree) -> None:
    codec = declaration_of(EchoContract).methods["tree"].result

    copy = codec.decode(codec.encode(tree))

    assert copy == tree
    assert copy is not tree
    assert copy.notes is not tree.notes


def test_fields_that_the_reader_does_not_know_are_left_out() -> None:
    codec = declaration_of(EchoContract).methods["travelled"].result

    newer = b'{"correlation_id":null,"causation_id":null,"traceparent":null,"hops":1,"seconds_left":"1","added":1}'

    assert codec.decode(newer).hops == 1
