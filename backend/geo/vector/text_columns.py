"""Columns of texts as the numbers and truth values that they are written for, where no digit is lost by it."""

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

NUMBER = re.compile(r"-?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
_INTEGER = re.compile(r"-?(?:0|[1-9]\d*)")
_CODE_LIKE = re.compile(r"\d+[eE]\d+")
"""A number with an exponent, or a code that looks like one."""
_TRUTH = {"true": True, "false": False}
_LONGEST = 20
"""Digits and sign of a whole number of 64 bits: files and databases have no larger ones."""
_SURE_DIGITS = 15
"""A floating-point number holds any number of so many digits."""
_NOT_NOTHING = re.compile(r"[-0.]*[1-9]")
"""How a number begins that is not 0, whatever its exponent."""


def typed_column(name: str, column: Sequence[str], warnings: list[str]) -> list[Any]:
    """The values of a column: integers, numbers or truth values where all are, else texts; None for nothing.

    Whole numbers beyond 64 bits or the exactness of a floating-point one, and numbers beyond all range, leave the
    column texts; where decimals have more digits than are kept, a warning is added.
    """
    present = [value for value in column if value]
    if present and all(_INTEGER.fullmatch(value) for value in present):
        # Python reads no number of thousands of digits.
        if max(map(len, present)) <= _LONGEST and all(-(2**63) <= int(value) < 2**63 for value in present):
            return [int(value) if value else None for value in column]
        return _as_texts(name, column, warnings, "whole numbers beyond 64 bits, as identifiers may be")
    if present and all(NUMBER.fullmatch(value) for value in present):
        changed = [value for value in present if not _is_kept(value)]
        if any(_is_beyond(value) for value in changed):
            return _as_texts(name, column, warnings, "numbers beyond the range or exactness of floating-point ones")
        if changed:
            warnings.append(
                f"In {name!r} {len(changed)} numbers have more digits than are kept, such as {changed[0]:.40}."
            )
        coded = next((value for value in present if _CODE_LIKE.fullmatch(value)), None)
        if coded and all(_CODE_LIKE.fullmatch(value) or _INTEGER.fullmatch(value) for value in present):
            warnings.append(f"In {name!r} {coded} was read as the number {float(coded):g}, not as a code.")
        return [float(value) if value else None for value in column]
    if present and all(value.lower() in _TRUTH for value in present):
        return [_TRUTH[value.lower()] if value else None for value in column]
    return [value or None for value in column]


def _as_texts(name: str, column: Sequence[str], warnings: list[str], why: str) -> list[Any]:
    warnings.append(f"{name!r} stayed texts: it has {why}.")
    return [value or None for value in column]


def _is_kept(text: str) -> bool:
    """Whether a floating-point number, written with as many digits, is what stands there."""
    if len(text) <= _SURE_DIGITS and "e" not in text.lower():
        return True
    near = float(text)
    if near == 0 or not math.isfinite(near):
        return near == 0 and not _NOT_NOTHING.match(text)
    exact = Decimal(text)
    return Decimal(f"{near:.{len(exact.as_tuple().digits) - 1}e}") == exact


def _is_beyond(text: str) -> bool:
    """Whether more is lost than the last digits of a decimal."""
    near = float(text)
    return not math.isfinite(near) or (near == 0) or (abs(near) >= 2**53 and _INTEGER.fullmatch(text) is not None)
