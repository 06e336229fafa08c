"""The statistics of zones by their names."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from backend.errors import ProcessRefusedError

PLAIN = ("count", "sum", "mean", "min", "max", "range", "stdev", "variance", "variety")
RANKED = ("median", "majority", "minority")
MORE = ("area", "categories", "min_place", "max_place")
NAMES = (*PLAIN, *RANKED, *MORE)
DEFAULT = ("count", "mean", "min", "max", "sum")
_ELSEWHERE = {
    "average": "mean", "avg": "mean", "total": "sum", "sd": "stdev", "std": "stdev", "var": "variance",
    "mode": "majority", "unique": "variety", "nunique": "variety", "percentile_90": "p90", "percentiles": "p90",
}  # fmt: skip
"""What other tools call them, if that is like the name of another one or of none."""
_PERCENTILE = re.compile(r"[pq](\d{1,2}(?:\.\d+)?|100)")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The statistics that were asked for, each once, in their order."""

    names: tuple[str, ...]
    percentiles: tuple[float, ...]
    """Shares of 1 of those that have such a name; the median is one."""

    @property
    def ranked(self) -> bool:
        """Some need the values in their order."""
        return bool(self.percentiles) or any(name in RANKED for name in self.names)

    @property
    def places(self) -> bool:
        """Some are places of cells."""
        return any(name.endswith("_place") for name in self.names)


def chosen(names: Sequence[str]) -> Chosen:
    """What the names mean; `p90` is the 90th percentile.

    Raises:
        ProcessRefusedError: there is no such statistic.
    """
    wanted = tuple(dict.fromkeys(name.strip().lower() for name in names))
    for name in wanted:
        if share(name) is None and name not in NAMES:
            close = _ELSEWHERE.get(name) or next(iter(difflib.get_close_matches(name, NAMES, n=1)), None)
            hint = f"did you mean {close}?" if close else f"there are {', '.join(NAMES)}, and percentiles as p90"
            raise ProcessRefusedError(f"there is no statistic {name[:40]!r}; {hint}", path="$.inputs.statistics")
    return Chosen(wanted, tuple(part for name in wanted if (part := share(name)) is not None))


def share(name: str) -> float | None:
    """The share of 1 that a percentile's name means; None for what is none."""
    if name == "median":
        return 0.5
    match = _PERCENTILE.fullmatch(name)
    return float(match[1]) / 100 if match else None
