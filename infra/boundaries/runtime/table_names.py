"""The tables that a statement names, by their place in it: a column or alias with a table's name is none.

This reads what Django and people write for PostgreSQL, not all of SQL: text inside of functions, and statements that are put
together in the server, stay unseen. There the roles of the database hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
      (?P<skip> --[^\n]* | /\*.*?\*/ | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ | [eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' )
    | "(?P<quoted>(?:[^"]|"")+)"
    | (?P<word>[A-Za-z_][\w$]*)
    | (?P<sign>[(),.;])
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMON_TABLE = re.compile(
    r'(?:\bWITH(?:\s+RECURSIVE)?|,)\s*"?(\w+)"?\s*(?:\([^)]*\)\s*)?AS\s+(?:(?:NOT\s+)?MATERIALIZED\s*)?\(',
    re.IGNORECASE,
)
_OPENS_LIST = frozenset({"FROM", "USING", "TRUNCATE"})
_BEFORE_TABLE = _OPENS_LIST | {"JOIN", "INTO", "UPDATE", "TABLE", "REFERENCES", "COPY", "LOCK"}
_BEFORE_READ_TABLE = frozenset({"FROM", "JOIN", "USING", ","})  # a name and a bracket behind these is a function
_BETWEEN = frozenset({"ONLY", "LATERAL", "TABLE", "IF", "EXISTS", "NOT"})
_ENDS_LIST = frozenset(
    {"WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FETCH", "FOR", "UNION", "EXCEPT", "INTERSECT", "RETURNING", "SET"}
    | {"SELECT", "VALUES", "WINDOW"}
)  # fmt: skip
_STATEMENTS = frozenset({"SELECT", "DELETE", "UPDATE"})


class TableName(NamedTuple):
    """A table as a statement names it; the schema is empty where it names none."""

    schema: str
    table: str


class _Token(NamedTuple):
    text: str  # a word in capitals, a quoted name as it is
    is_quoted: bool
    name: str  # as PostgreSQL reads it


def tables_in(statement: str) -> frozenset[TableName]:
    """Return the tables that a statement reads or writes, without the common table expressions that it makes itself."""
    made_here = {name.lower() for name in _COMMON_TABLE.findall(statement)}
    return frozenset(name for name in _named(list(_tokens(statement))) if name.schema or name.table not in made_here)


def _tokens(statement: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(statement):
        if quoted := match["quoted"]:
            yield _Token(quoted, True, quoted.replace('""', '"'))
        elif word := match["word"]:
            yield _Token(word.upper(), False, word.lower())
        elif sign := match["sign"]:
            yield _Token(sign, False, "")


def _named(tokens: list[_Token]) -> Iterator[TableName]:
    # By depth of brackets: whether a statement stands there, and whether its commas part tables.
    selects, lists = [False], [False]
    position = 0
    while position < len(tokens):
        token = tokens[position]
        text = "" if token.is_quoted else token.text
        previous = tokens[position - 1].text if position else ""
        position += 1
        if text == "(":
            selects.append(False)
            lists.append(False)
        elif text == ")" and len(selects) > 1:
            selects.pop()
            lists.pop()
        elif text in _STATEMENTS:
            selects[-1] = True
        if text in _ENDS_LIST or text == ";":
            lists[-1] = False
        if text in _OPENS_LIST:
            # `EXTRACT(day FROM x)` and `IS DISTINCT FROM x` name no table.
            if text == "FROM" and (previous == "DISTINCT" or not selects[-1]):
                continue
            lists[-1] = True
        is_table_next = text in _BEFORE_TABLE or (text == "," and lists[-1])
        if is_table_next and not (text == "UPDATE" and previous in ("FOR", "DO", "ON", "KEY")):
            position, found = _table_at(tokens, position, text)
            if found:
                yield found


def _table_at(tokens: list[_Token], position: int, after: str) -> tuple[int, TableName | None]:
    """Return the position behind a table's name, and the name; the same position where there is none."""
    begin = position
    while begin < len(tokens) and not tokens[begin].is_quoted and tokens[begin].text in _BETWEEN:
        begin += 1
    if begin >= len(tokens) or not tokens[begin].name:
        return position, None
    first, end = tokens[begin], begin + 1
    schema, table = "", first.name
    if end + 1 < len(tokens) and tokens[end].text == "." and tokens[end + 1].name:
        schema, table, end = first.name, tokens[end + 1].name, end + 2
    is_function = end < len(tokens) and tokens[end].text == "(" and after in _BEFORE_READ_TABLE
    is_word = not first.is_quoted and first.text in (_ENDS_LIST | _STATEMENTS)
    if is_function or is_word:
        return position, None
    return end, TableName(schema, table)
