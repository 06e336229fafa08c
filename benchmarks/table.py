"""A row per figure: what was measured, the bar, and whether it is met."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure."""

    what: str
    measured: float
    unit: str
    bar: float | None = None
    """Largest value that meets the bar; None where a figure is only told."""
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether the bar is met."""
        return self.bar is None or self.measured <= self.bar


def milliseconds(seconds: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile of a sample, in milliseconds."""
    return median(seconds) * 1000, quantiles(seconds, n=20)[-1] * 1000


def markdown(figures: Iterable[Figure]) -> str:
    """The figures as a Markdown table."""
    lines = ["| what | measured | bar | met | |", "|---|---|---|---|---|"]
    for figure in figures:
        bar = "" if figure.bar is None else f"≤ {figure.bar:g} {figure.unit}"
        met = "" if figure.bar is None else "yes" if figure.met else "**no**"
        lines.append(f"| {figure.what} | {_number(figure.measured)} {figure.unit} | {bar} | {met} | {figure.note} |")
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
