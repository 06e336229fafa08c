"""Joins of features with the rows of a table by equal keys."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NoReturn, cast

import numpy as np

from backend.errors import refuse
from backend.geo.geodesy.ellipsoid import Booleans, Integers
from backend.geo.geodesy.repeats import repeats
from backend.geo.vector.features import Features
from backend.geo.vector.fields import column_of, listed, text_of, texts_of
from backend.geo.vector.number_columns import rows_of

type Duplicates = Literal["refuse", "first", "all"]
type Key = str | tuple[str, ...]
"""The text of a value, or those of several."""
type Keys = list[Key | None]

TABLE_SUFFIX = "_table"
MOST_LISTED = 10
"""Keys without a partner that an answer names."""
_LONGEST_FILLED = 40
"""Characters of keys that are filled up."""
_FORGIVING: Mapping[str, Callable[[str], str]] = {
    "leading zeros": lambda key: key.lstrip("0") or "0",
    "spaces at the ends": str.strip,
    "spaces": lambda key: "".join(key.split()),
    "upper and lower case": str.casefold,
    "decimals such as .0": lambda key: key.removesuffix(".0"),
}
"""What may keep two keys apart that mean the same."""
_REMEDIES: Mapping[str, str] = {
    "leading zeros": "right('{zeros}' + text(key), {width})",
    "spaces at the ends": "trim(key)",
    "spaces": "replace(key, ' ', '')",
    "upper and lower case": "lower(key)",
}
"""Expressions of calculate-field that make such keys alike."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Features with the fields of the rows that have their key, and what found no partner."""

    features: Features
    cardinality: str
    """`1:1`, `1:n` (a feature has several rows), `n:1` (several features share a row) or `n:m`."""
    matched_features: int
    matched_rows: int
    unmatched_features: int
    unmatched_rows: int
    unmatched_feature_keys: Keys
    """The first of them; None stands for features without a key."""
    unmatched_row_keys: Keys
    added: dict[str, str]
    """Field of the table → the field that the features have of it."""
    warnings: tuple[str, ...]


def join_table(
    features: Features,
    table: Features,
    *,
    field: str | Sequence[str],
    table_field: str | Sequence[str],
    taken: Sequence[str] | None,
    duplicates: Duplicates,
    inner: bool = False,
) -> Joined:
    """Join by keys compared as texts: 7 and 7.0 are `7`, `007` is another key; missing keys equal none.

    Of several fields each has to be equal to that in the same place; where one is missing, so is the key.

    Every feature stays, without values where no row has its key; of an `inner` join those with a row
    alone. taken: fields of the table to add, all by default.
    duplicates: what becomes of a feature with several rows: `first` takes the first one, `all` repeats the feature.

    Raises:
        ProcessRefusedError: a field is not there, no key has a partner, or a feature has several rows and that is to
            be refused.
    """
    own, others = _key_fields(field, table_field)
    keys, row_keys = _keys(features, own, "$.inputs.field"), _keys(table, others, "$.inputs.table_field")
    matches = _matches(keys, row_keys)
    if len(features) and not matches.counts.any():
        _refuse_all(own, keys, others, row_keys)
    if matches.several and duplicates == "refuse":
        _refuse_several(matches, keys, others)
    owners, rows = matches.pairs(all_rows=duplicates == "all", inner=inner)
    added = _names(features, _taken(table, others, taken))
    columns = {name: rows_of(table.fields[own], rows) for own, name in added.items()}
    lone_keys = [keys[at] for at in np.flatnonzero(matches.counts == 0).tolist()]
    lone_rows = [row_keys[at] for at in np.flatnonzero(~matches.used).tolist()]
    joined = Joined(
        features.take(owners).with_fields(columns),
        matches.cardinality,
        len(features) - len(lone_keys),
        len(table) - len(lone_rows),
        len(lone_keys),
        len(lone_rows),
        list(dict.fromkeys(lone_keys))[:MOST_LISTED],
        list(dict.fromkeys(lone_rows))[:MOST_LISTED],
        added,
        (),
    )
    warnings = _warnings(joined, matches, duplicates, inner=inner)
    return replace(joined, warnings=(*warnings, *_hints(lone_keys, lone_rows, table)))


@dataclass(frozen=True, slots=True)
class _Matches:
    """Which rows have the key of each feature."""

    order: Integers
    """Rows with a key, those of one key together."""
    starts: Integers
    """For each feature the place in `order` of its first row."""
    counts: Integers
    """For each feature its rows."""
    used: Booleans
    """Which rows have a feature."""
    shared: int
    """Keys of rows that several features have."""

    @property
    def several(self) -> int:
        """Features that have several rows."""
        return int((self.counts > 1).sum())

    @property
    def cardinality(self) -> str:
        """As `Joined` has it."""
        many = "m" if self.shared else "n"
        return f"{'n' if self.shared else '1'}:{many if self.several else '1'}"

    def pairs(self, *, all_rows: bool, inner: bool) -> tuple[Integers, Integers]:
        """Features and rows that belong together, -1 for none, of which an inner join has none."""
        sizes = np.maximum(self.counts, 1) if all_rows else np.ones_like(self.counts)
        owners, nth = repeats(sizes)
        has = self.counts[owners] > 0
        rows = np.full(len(owners), -1, dtype=np.intp)
        rows[has] = self.order[(self.starts[owners] + nth)[has]]
        if inner:
            owners, rows = owners[has], rows[has]
        return owners, rows


def _matches(keys: Keys, row_keys: Keys) -> _Matches:
    numbers: dict[Key | None, int] = {key: number for number, key in enumerate(dict.fromkeys(row_keys))}
    # Keys that are missing equal none, not even each other.
    numbers[None] = -1
    row_codes = np.fromiter(map(numbers.__getitem__, row_keys), dtype=np.intp, count=len(row_keys))
    codes = np.array([numbers.get(key, -1) for key in keys], dtype=np.intp)
    order = np.argsort(row_codes, kind="stable")[int((row_codes < 0).sum()) :]
    sizes = np.bincount(row_codes[order], minlength=len(numbers))
    users = np.bincount(codes[codes >= 0], minlength=len(numbers))
    # One more place, at which -1 finds nothing.
    counts, starts, wanted = np.append(sizes, 0), np.append(np.cumsum(sizes) - sizes, 0), np.append(users > 0, False)
    return _Matches(order, starts[codes], counts[codes], wanted[row_codes], int((users > 1).sum()))


def _key_fields(field: str | Sequence[str], table_field: str | Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    own, others = ([one] if isinstance(one, str) else one for one in (field, table_field))
    if len(own) != len(others):
        refuse(
            f"the key of the features has {len(own)} fields, that of the table {len(others)}: name as many, those that "
            "belong together in the same place",
            "$.inputs.table_field",
        )
    return own, others


def _keys(features: Features, fields: Sequence[str], path: str) -> Keys:
    columns = [_texts(column_of(features, field, path)) for field in fields]
    if len(columns) == 1:
        return list(columns[0])
    return [None if None in parts else cast("Key", parts) for parts in zip(*columns, strict=True)]


def _texts(column: Sequence[Any]) -> Sequence[str | None]:
    if set[type](map(type, column)) == {str}:
        return [text or None for text in texts_of(column)]
    return [None if value is None or value == "" else text_of(value) for value in column]


def _taken(table: Features, keys: Sequence[str], wanted: Sequence[str] | None) -> list[str]:
    if wanted is None:
        return [name for name in table.fields if name not in keys]
    for name in wanted:
        column_of(table, name, "$.inputs.fields")
    return list(dict.fromkeys(wanted))


def _names(features: Features, taken: Sequence[str]) -> dict[str, str]:
    """Names for the table's fields that no field of the features has."""
    used = set(features.fields)
    names: dict[str, str] = {}
    for own in taken:
        name = own
        while name in used:
            name += TABLE_SUFFIX
        used.add(name)
        names[own] = name
    return names


def _warnings(joined: Joined, matches: _Matches, duplicates: Duplicates, *, inner: bool) -> list[str]:
    several, shared = matches.several, matches.shared
    warnings: list[str] = []
    if several and duplicates == "all":
        warnings.append(
            f"{several} features have several rows (one-to-many) and are repeated, {len(joined.features)} in all: sums "
            "of their areas or own fields would count them more than once."
        )
    elif several:
        warnings.append(f"{several} features have several rows (one-to-many): only the first row of each was taken.")
    if shared:
        warnings.append(
            f"The rows of {shared} keys belong to several features each (many-to-one): sums of the joined fields would "
            "count them more than once."
        )
    if joined.unmatched_features:
        end = "and were left out" if inner else "their new fields are null"
        warnings.append(f"{joined.unmatched_features} features found no row{' ' if inner else ': '}{end}.")
    if joined.unmatched_rows:
        warnings.append(f"{joined.unmatched_rows} rows found no feature and were left out.")
    renamed = [f"{own!r} as {name!r}" for own, name in joined.added.items() if own != name]
    if renamed:
        warnings.append(f"Fields of the table that the features have too were added as: {', '.join(renamed)}.")
    return warnings


def _hints(lone_keys: Keys, lone_rows: Keys, table: Features) -> list[str]:
    """What a person may have meant otherwise."""
    hints: list[str] = []
    difference = _near_misses(lone_keys, lone_rows)
    if difference:
        hints.append(f"Some keys without a partner would have one but for {difference}.")
    if table.present.any():
        hints.append("The table has geometries, which were not used: spatial-join joins by them.")
    return hints


def _near_misses(first: Keys, second: Keys) -> str:
    """What keeps some keys of both sides apart, with an example; empty where nothing does."""
    for difference, plain in _FORGIVING.items():
        others = {_plain(key, plain): key for key in second if key is not None}
        for key in first:
            if key is not None and _plain(key, plain) in others:
                other = others[_plain(key, plain)]
                width = max(
                    max(map(len, pair)) for pair in zip(_parts(key), _parts(other), strict=True) if len({*pair}) > 1
                )
                return f"{difference}: {key!r} and {other!r}{_remedy(difference, width)}"
    return ""


def _plain(key: Key, plain: Callable[[str], str]) -> Key:
    return plain(key) if isinstance(key, str) else tuple(map(plain, key))


def _parts(key: Key) -> tuple[str, ...]:
    return (key,) if isinstance(key, str) else key


def _remedy(difference: str, width: int) -> str:
    expression = _REMEDIES.get(difference)
    if expression is None or width > _LONGEST_FILLED:
        return ""
    return f"; calculate-field makes them alike by {expression.format(zeros='0' * width, width=width)}"


def _refuse_all(fields: Sequence[str], keys: Keys, table_fields: Sequence[str], row_keys: Keys) -> NoReturn:
    hint = _near_misses(keys, row_keys)
    why = f"they differ by {hint}" if hint else "are these the right fields?"
    own, other = (listed([key for key in dict.fromkeys(each) if key is not None][:3]) for each in (keys, row_keys))
    refuse(
        f"no key has a partner: {listed(fields)} holds {own or 'nothing'}, {listed(table_fields)} of the table "
        f"{other or 'nothing'}; "
        f"{why}",
        "$.inputs.field",
    )


def _refuse_several(matches: _Matches, keys: Keys, table_fields: Sequence[str]) -> NoReturn:
    examples = listed([keys[at] for at in np.flatnonzero(matches.counts > 1)[:3].tolist()])
    refuse(
        f"{matches.several} features have several rows of the table (one-to-many), such as "
        f"{listed(table_fields)} = {examples}: say with `duplicates` whether the first row of each counts or the "
        "features are to be repeated (all), or aggregate the table first: "
        f"summarize with group_by {listed(table_fields)} gives a table",
        "$.inputs.duplicates",
    )
