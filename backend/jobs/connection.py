"""SQLAlchemy's statements on a driver's own connection.

SQLAlchemy writes the SQL and keeps the connections, and does not run the statements: most of the time that one takes
by its `Connection` is not the database's, and a short job is little else than six statements.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

import sqlalchemy as sa

type Values = Mapping[str, Any]
"""A value for each parameter of a statement that has none yet."""
type _Lengths = tuple[tuple[str, int], ...]
"""How many members each list among the values has."""

_MOST_LENGTHS: Final = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """What the database answers to a statement."""

    rows: Sequence[Any]
    """Named tuples: the columns, as the driver has them."""
    changed: int
    """Rows that were inserted, updated or deleted."""

    def one_or_none(self) -> Any:
        """The only row, if there is one."""
        return self.rows[0] if self.rows else None

    def scalar(self) -> Any:
        """The first column of the only row, if there is one."""
        return self.rows[0][0] if self.rows else None


@dataclass(frozen=True, slots=True)
class _Sql:
    text: str
    names: Sequence[str] | None
    """Parameters in the order of their places; None where they are named."""
    given: Values
    """Those that the statement itself has values for."""
    lists: Mapping[str, Sequence[str]]
    """A list among the values → the parameters of its members."""
    encode: Callable[[Any], Any] | None

    def arguments(self, values: Values) -> Sequence[Any] | Values:
        every = {**self.given, **values}
        for name, members in self.lists.items():
            every |= zip(members, every.pop(name), strict=True)
        if self.encode is not None:
            every = {name: self.encode(value) for name, value in every.items()}
        return every if self.names is None else [every[name] for name in self.names]


class Compiler:
    """Turns statements into SQL, each once.

    `encode` makes of a value one that the database takes, where the driver does not.
    """

    def __init__(self, dialect: sa.Dialect, encode: Callable[[Any], Any] | None = None) -> None:
        self._dialect = dialect
        self._encode = encode
        self._known: WeakKeyDictionary[sa.ClauseElement, dict[_Lengths, _Sql]] = WeakKeyDictionary()

    def sql(self, statement: sa.ClauseElement, values: Values) -> _Sql:
        """The SQL of a statement; a list among the values becomes as many parameters as it has members."""
        # Which has as many texts as there are lengths of the list: of processes, or of jobs that run at once.
        lists = ((name, cast("list[Any]", value)) for name, value in values.items() if isinstance(value, list))
        lengths = tuple((name, len(members)) for name, members in lists)
        known = self._known.setdefault(statement, {})
        if lengths not in known:
            if len(known) >= _MOST_LENGTHS:
                known.clear()
            known[lengths] = self._compiled(statement, values)
        return known[lengths]

    def _compiled(self, statement: sa.ClauseElement, values: Values) -> _Sql:
        columns = list(values) if isinstance(statement, sa.Insert) else None
        compiled: Any = statement.compile(dialect=self._dialect, column_keys=columns)
        state = compiled.construct_expanded_state(dict(values))
        lists = {name: tuple(members) for name, members in state.parameter_expansion.items() if name in values}
        return _Sql(state.statement, state.positiontup, dict(state.parameters), lists, self._encode)


class Connection:
    """A connection for as long as a transaction lasts."""

    def __init__(self, driver: Any, compiler: Compiler) -> None:
        self._driver = driver
        self._compiler = compiler

    def execute_each(self, statement: sa.ClauseElement, rows: Sequence[Values]) -> None:
        """Run a statement once for each of several sets of values, all of the same names."""
        if not rows:
            return
        sql = self._compiler.sql(statement, rows[0])
        cursor = self._driver.cursor()
        try:
            cursor.executemany(sql.text, [sql.arguments(row) for row in rows])
        finally:
            cursor.close()

    def execute(self, statement: sa.ClauseElement, values: Values | None = None) -> Answer:
        """Run a statement."""
        given = values or {}
        sql = self._compiler.sql(statement, given)
        cursor = self._driver.cursor()
        try:
            cursor.execute(sql.text, sql.arguments(given))
            if cursor.description is None:
                return Answer((), cursor.rowcount)
            row = _row(tuple(column[0] for column in cursor.description))
            rows = [row._make(one) for one in cursor.fetchall()]
            return Answer(rows, cursor.rowcount)
        finally:
            cursor.close()


@cache
def _row(names: tuple[str, ...]) -> Any:
    make: Any = namedtuple  # what the columns are is known at run time only
    return make("Row", names, rename=True)
