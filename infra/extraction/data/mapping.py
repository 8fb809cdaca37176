"""How a table's columns become those of the other side where the two differ: renamed, of another type, added, dropped.

A mapping is declared once, as seen from the side that the module leaves, and read backwards for the way back. What it would
lose is refused by name, unless nobody wants to come back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from infra.extraction.data.errors import CannotBeCarried
from infra.extraction.data.tables import Column, Counterpart, Table, differences_of_shape

_INTEGERS = ("smallint", "integer", "bigint")
_TEXTS = ("text", "character varying")
_INSTANTS = ("timestamp with time zone", "timestamp without time zone")  # all sessions of the data plane are in UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMapping:
    """What differs of one table; columns that are named nowhere are the same on both sides.

    A value of another type is the old one's text, read as the new type; where both are built in, it is cast.
    """

    to: str = ""  # the table's name on the other side; empty: the same
    renamed: Mapping[str, str] = field(default_factory=dict)  # column here -> column there
    retyped: frozenset[str] = frozenset()  # columns here that have another type there
    added: Mapping[str, str | None] = field(
        default_factory=dict
    )  # column there -> what each new row has in it, as text
    dropped: Mapping[str, str | None] = field(default_factory=dict)  # column here -> what rows from there have in it


Mappings = Mapping[str, TableMapping]  # by the table's name on the side that the module leaves


def backwards(mappings: Mappings) -> Mappings:
    """Return the mappings of the way back."""
    turned = {}
    for name, mapping in mappings.items():
        renamed = {there: here for here, there in mapping.renamed.items()}
        turned[mapping.to or name] = TableMapping(
            to=name,
            renamed=renamed,
            retyped=frozenset(mapping.renamed.get(column, column) for column in mapping.retyped),
            added=mapping.dropped,
            dropped=mapping.added,
        )
    return turned


def names_there(names: Iterable[str], mappings: Mappings) -> list[str]:
    """Return what the tables are called on the other side."""
    return [mappings[name].to or name if name in mappings else name for name in names]


def paired(
    here: Sequence[Table], there: Iterable[Table], mappings: Mappings, *, way_back_waived: bool = False
) -> tuple[Table, ...]:
    """Return the tables `here`, each with its counterpart on the other side.

    Args:
        way_back_waived: nobody will switch back, so what a mapping loses may be lost.

    Raises:
        CannotBeCarried: a mapping does not fit the tables, or loses something; or tables differ and nothing maps them.
    """
    by_name = {table.name: table for table in there}
    reasons: list[str] = []
    tables = []
    for table in here:
        mapping = mappings.get(table.name)
        if mapping is None:
            reasons += differences_of_shape([table], [by_name[table.name]])
            tables.append(table)
            continue
        twin = by_name[mapping.to or table.name]
        misfits = _misfits(table, twin, mapping)
        reasons += misfits
        if not misfits:
            if not way_back_waived:
                reasons += _losses(table, twin, mapping)
            tables.append(replace(table, twin=twin, counterparts=_counterparts(table, twin, mapping)))
    reasons += [
        f"{name} is mapped, but not among the tables that are carried. Correct the mapping's name."
        for name in mappings
        if name not in {table.name for table in here}
    ]
    if reasons:
        raise CannotBeCarried(reasons)
    return tuple(tables)


def _counterparts(table: Table, twin: Table, mapping: TableMapping) -> tuple[Counterpart, ...]:
    columns = {column.name: column for column in twin.columns}
    carried = [
        Counterpart(here=column, there=columns[mapping.renamed.get(column.name, column.name)])
        for column in table.columns
        if column.name not in mapping.dropped
    ]
    added = [Counterpart(here=None, there=columns[name], value=value) for name, value in mapping.added.items()]
    return (*carried, *added)


def _misfits(table: Table, twin: Table, mapping: TableMapping) -> list[str]:
    """Say where a mapping names columns that do not exist, and where it leaves a difference unsaid."""
    ours = {column.name: column for column in table.columns}
    theirs = {column.name: column for column in twin.columns}
    reasons = [
        f"{table.name}.{name} is in the mapping, but the table has no such column"
        f" {'here' if known is ours else 'on the other side'}. Correct its name."
        for names, known in (
            ((*mapping.renamed, *mapping.retyped, *mapping.dropped), ours),
            ((*mapping.renamed.values(), *mapping.added), theirs),
        )
        for name in names
        if name not in known
    ]
    if reasons:
        return reasons
    covered = dict.fromkeys(mapping.added)
    for name, column in ours.items():
        if name in mapping.dropped:
            continue
        to = mapping.renamed.get(name, name)
        covered[to] = None
        if to not in theirs:
            reasons.append(f"{table.name}.{name} has no column {to} on the other side. Say what becomes of it.")
        elif column.type != theirs[to].type and name not in mapping.retyped:
            reasons.append(
                f"{table.name}.{name} is {column.type} here and {theirs[to].type} on the other side. Name it as retyped."
            )
    reasons += [
        f"{table.name}.{name} exists on the other side only. Say what rows from here have in it."
        for name in theirs
        if name not in covered
    ]
    if not reasons:
        reasons += _misfits_of_key(table, twin, mapping)
    return reasons


def _misfits_of_key(table: Table, twin: Table, mapping: TableMapping) -> list[str]:
    expected = [mapping.renamed.get(column.name, column.name) for column in table.key]
    if expected != [column.name for column in twin.key]:
        return [f"{table.name} has another primary key on the other side. A row must keep its name."]
    return [
        f"{table.name}.{column.name} is in the primary key; {column.type} and {other.type} do not order rows alike."
        " Keep its type."
        for column, other in zip(table.key, twin.key, strict=True)
        if not (_same_family(column, other, _INTEGERS) or _same_family(column, other, _TEXTS))
        and column.type != other.type
    ]


def _losses(table: Table, twin: Table, mapping: TableMapping) -> list[str]:
    columns = {column.name: column for column in twin.columns}
    waive = " Waive the way back, or keep it"
    reasons = [
        f"{table.name}.{name} is dropped: after coming back, rows made meanwhile have a default there.{waive}."
        for name in mapping.dropped
    ]
    for column in table.columns:
        if column.name in mapping.retyped:
            other = columns[mapping.renamed.get(column.name, column.name)]
            if not keeps_all(column, other):
                reasons.append(
                    f"{table.name}.{column.name} becomes {other.type} and was {column.type}: not every value is the same after"
                    f" going there and back.{waive} as it is."
                )
    return reasons


def keeps_all(column: Column, other: Column) -> bool:
    """Return whether a value of either type that the other accepts is the same again after going there and back."""
    if column.type == other.type:
        return True
    if any(_same_family(column, other, family) for family in (_INTEGERS, _TEXTS, _INSTANTS)):
        return True  # what does not fit is refused by the server, never cut
    if _is_enum(column) and _is_enum(other):
        return True
    if (_is_enum(column) and _plain(other) == "text") or (_is_enum(other) and _plain(column) == "text"):
        return True
    return _plain(column) == _plain(other) == "numeric" and _scale(column) == _scale(other) is not None


def _same_family(column: Column, other: Column, family: Sequence[str]) -> bool:
    return _plain(column) in family and _plain(other) in family


def _is_enum(column: Column) -> bool:
    return column.enumerated


def _plain(column: Column) -> str:
    name, bracket, rest = column.type.partition("(")
    return (name + rest.partition(")")[2] if bracket else name).strip()


def _scale(column: Column) -> str | None:
    inside = column.type.partition("(")[2].partition(")")[0]
    return inside.partition(",")[2] if "," in inside else None
