"""Buffers of lines with other ends and corners than round ones, in the plane of longitude and latitude.

A strip holds what lies within the distance of one piece at right angles to it. Where two pieces meet at an angle, their
strips leave a wedge on the outer side: a round, mitred or bevelled one fills it. All of these overlap a little, so that
rounding leaves no cracks between them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.buffers.capsules import OUTWARD, Vertices, refined
from backend.geo.buffers.pieces import Pieces
from backend.geo.buffers.sides import Side
from backend.geo.geodesy.ellipsoid import A, Array, forward, half_turn, inverse
from backend.geo.geodesy.shapes import Shapes

type Cap = Literal["round", "flat", "square"]
type Join = Literal["round", "mitre", "bevel"]
type Word = Literal["flat", "square", "mitre", "bevel", "left", "right"]

STYLE = "$.inputs.style"

MOST_STYLED = 50_000.0
"""Metres up to which ends and corners other than round ones have a meaning that does not depend on the map."""
MITRE_LIMIT = 5.0
"""Distances from the line to the tip of a mitred corner; those that would be longer are bevelled (as in GEOS)."""
MOST_STEPS = 64
STRAIGHT = 1e-6
"""Degrees of a turn that leaves nothing to be filled."""
OVERLAP = 1e-3
"""Share of the distance by which strips and what is between them overlap."""
SLIGHT = 0.05
"""Degrees of a turn at which a strip may begin that much earlier without leaving the buffer."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a buffer ends where lines end, and what it is like around corners."""

    cap: Cap = "round"
    join: Join = "round"
    side: Side | None = None
    """Of lines, as they run: the one on which the buffer is; None for both."""

    @property
    def round(self) -> bool:
        """All that is within the distance belongs to the buffer, and nothing else."""
        return self.cap == self.join == "round"


ROUND = Style()


def style_of(words: Sequence[Word]) -> Style:
    """The style that some words name; what is not named is round.

    Raises:
        ProcessRefusedError: two of them contradict each other.
    """
    caps: list[Cap] = [word for word in ("flat", "square") if word in words]
    joins: list[Join] = [word for word in ("mitre", "bevel") if word in words]
    sides: list[Side] = [word for word in ("left", "right") if word in words]
    for several in (caps, joins, sides):
        if len(several) > 1:
            told = " and ".join(several)
            hint = (
                "both sides are what there is without them" if several is sides else "name one cap and one join at most"
            )
            raise ProcessRefusedError(f"it cannot be {told} at once: {hint}", path=STYLE)
    if sides and "square" in caps:
        raise ProcessRefusedError("a buffer of one side ends flat where the line does: leave square out", path=STYLE)
    ends: Cap = "flat" if sides else "round"
    return Style(caps[0] if caps else ends, joins[0] if joins else "round", sides[0] if sides else None)


def check_style(style: Style, kinds: frozenset[str]) -> tuple[str, ...]:
    """See that ends and corners have a meaning; a warning where they have none for some geometries.

    kinds: types of the geometries, without `Multi`.

    Raises:
        ProcessRefusedError: there are no lines to end, or only points.
    """
    if style.side and kinds != frozenset(("LineString",)):
        raise ProcessRefusedError(
            f"{style.side} is a side of lines, and there are others: filter-features, or geometry-transform to "
            "boundary, gives lines alone",
            path=STYLE,
        )
    if style.cap != "round" and "LineString" not in kinds:
        raise ProcessRefusedError(
            f"{style.cap} says how lines end, and there are none: leave it out (mitre and bevel are for corners)",
            path=STYLE,
        )
    if style.join != "round" and kinds <= {"Point"}:
        raise ProcessRefusedError(
            f"{style.join} is for corners of lines and polygons, and points have none", path=STYLE
        )
    return () if style.round or "Point" not in kinds else ("Points have neither ends nor corners: they became discs.",)


def check_reach(style: Style, distance: float) -> None:
    """See that ends and corners are small enough for one meaning on every map.

    Raises:
        ProcessRefusedError: they are not.
    """
    if not style.round and abs(distance) > MOST_STYLED:
        raise ProcessRefusedError(
            f"ends and corners other than round ones depend on the map beyond {MOST_STYLED / 1000:g} km: leave "
            "style out",
            path="$.inputs.distance",
        )


def prolonged(lines: Shapes, distance: float) -> Shapes:
    """Lines that go on by `distance` metres at their ends, along geodesics; not where they are closed, or were cut at
    the antimeridian.
    """
    ends = [shapely.get_coordinates(line)[[0, -1]].tolist() for line in lines]
    cuts = {(-x, y) for pair in ends for x, y in pair if abs(x) == 180}
    made = lines.copy()
    for index in np.flatnonzero(~shapely.is_closed(lines)).tolist():
        way = shapely.get_coordinates(lines[index])
        for _ in range(2):
            way = way[::-1]
            if tuple(way[-1].tolist()) not in cuts:
                way = np.vstack([way, _onward(way[-2], way[-1], distance)])
        made[index] = shapely.LineString(way)
    return made


def strips(pieces: Pieces, style: Style, resolution: int) -> Shapes:
    """Polygons whose union is the buffer of the pieces; for square ends these are `prolonged` before, and of one side
    alone it is too large (`backend.geo.buffers.sides`).
    """
    turns, every = np.nan_to_num(pieces.turns()), np.arange(len(pieces))
    overlap = np.minimum(OVERLAP * pieces.distance / np.maximum(pieces.length, 1e-9), 0.5)
    corner = _Corner(style.join, resolution, _steps(pieces), overlap)
    earlier = np.zeros(len(pieces))
    slight = every[(pieces.following >= 0) & (np.abs(turns) < SLIGHT)]
    earlier[pieces.following[slight]] = overlap[pieces.following[slight]]
    rings = [_strips(earlier, corner.steps, style.side)]
    # A turn to the right opens a wedge on the left, and the other way round.
    opened = turns if style.side == "left" else -turns if style.side == "right" else np.abs(turns)
    for at in np.flatnonzero(opened > STRAIGHT).tolist():
        rings.append(_wedge(at, int(pieces.following[at]), float(turns[at]), corner))  # noqa: PERF401  # reads best
    if style.cap == "round":
        rings += [_end(at, corner, 1.0, 90.0) for at in every[pieces.following < 0].tolist()]
        rings += [_end(at, corner, 0.0, -90.0) for at in np.setdiff1d(every, pieces.following).tolist()]
    return refined(pieces, _joined(rings), resolution)[0]


@dataclass(frozen=True, slots=True)
class _Corner:
    """What the wedges of all corners have in common."""

    join: Join
    resolution: int
    steps: int
    """Edges from the line to the buffer's side."""
    overlap: Array
    """Share of each piece."""


def _joined(parts: Sequence[Vertices]) -> Vertices:
    """All rings, numbered one after the other."""
    columns: list[Any] = [
        np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(Vertices)[1:]
    ]
    before = np.cumsum([0, *(int(part.ring[-1]) + 1 for part in parts[:-1])]).tolist()
    ring = np.concatenate([part.ring + first for part, first in zip(parts, before, strict=True)])
    return Vertices(ring, *columns)


def _steps(pieces: Pieces) -> int:
    """Edges of a way as long as the distance, so that each is near enough to straight in longitude and latitude."""
    polar = np.minimum(np.maximum(np.abs(pieces.start[:, 1]), np.abs(pieces.end[:, 1])), 89.999)
    bend = float((pieces.distance * np.tan(np.radians(polar))).max())
    steps = math.ceil(math.sqrt(bend / (8 * A * OUTWARD)))
    if steps > MOST_STEPS:
        raise ProcessRefusedError(
            "so near a pole, ends and corners other than round ones depend on the map: leave style out",
            path="$.inputs.distance",
        )
    return max(1, steps)


def _strips(earlier: Array, steps: int, side: Side | None) -> Vertices:
    """Each across a piece's end from right to left, along its left side, across its start, along its right side; of one
    side alone from it to the line, or from the line to it.

    earlier: share of each piece by which its strip begins before it.
    """
    across = np.linspace(1, -1, 2 * steps + 1)
    right, reach = across >= 0, np.concatenate([np.abs(across), np.abs(across), [1.0]])
    angle = np.concatenate([np.where(right, 90.0, -90.0), np.where(right, -90.0, -270.0), [-270.0]])
    if side is not None:
        away = np.linspace(0, 1, steps + 1)[:: 1 if side == "left" else -1]
        reach = np.concatenate([away, away[::-1], away[:1]])
        angle = np.full(len(reach), -90.0 if side == "left" else 90.0)
    width, count = len(reach) // 2, len(earlier)
    share = np.repeat(np.concatenate([[1.0], [0.0], [1.0]]), [width, width, 1])
    shares = np.where(share > 0, share, -earlier[:, np.newaxis]).ravel()
    along = np.append(np.arange(1, 2 * width + 1) % width == 0, False) & (reach == 1)
    rings = np.repeat(np.arange(count), len(share))
    angles, reaches, curved = (np.tile(one, count) for one in (angle, reach, along))
    return Vertices(rings, rings, shares, angles, reaches, curved, ~curved)


def _end(piece: int, corner: _Corner, share: float, first: float) -> Vertices:
    """Half a disc around a piece's end or start, counterclockwise from one direction."""
    angle = first + np.linspace(0, -180, 2 * corner.resolution + 1)
    inner = share + (1 - 2 * share) * float(corner.overlap[piece])
    outer = _Outer(piece, share, angle, np.ones(len(angle)), curved=True)
    return _filling((piece, inner, first), outer, (piece, inner, first - 180), corner.steps)


def _wedge(piece: int, following: int, turn: float, corner: _Corner) -> Vertices:
    """What lies on the outer side of a corner, between the sides of two strips."""
    side = -90.0 if turn > 0 else 90.0
    rounded = corner.join == "round"
    mitred = corner.join == "mitre" and math.cos(math.radians(turn / 2)) * MITRE_LIMIT >= 1
    edges = max(1, math.ceil(abs(turn) / 90 * corner.resolution)) if rounded else 2 * corner.steps if mitred else 1
    angle = side + np.linspace(0, turn, edges + 1)
    reach = np.ones(edges + 1)
    if mitred:
        # Of the directions up to the tip, those from the nearer side count.
        reach /= np.cos(np.radians(np.minimum(np.abs(angle - side), np.abs(angle - side - turn))))
    before, after = (piece, 1 - float(corner.overlap[piece]), side), (following, float(corner.overlap[following]), side)
    return _filling(before, _Outer(piece, 1.0, angle, reach, curved=rounded), after, corner.steps)


type _Place = tuple[int, float, float]
"""Piece, share and angle."""


@dataclass(frozen=True, slots=True)
class _Outer:
    """Vertices on the boundary, all seen from one place of a piece."""

    piece: int
    share: float
    angle: Array
    reach: Array
    curved: bool
    """The edges between them stand for an arc."""


def _filling(before: _Place, outer: _Outer, after: _Place, steps: int) -> Vertices:
    """A ring from the line to the buffer's side, along its outer vertices, and back to the line."""
    away, many = np.linspace(0, 1, steps + 1), len(outer.angle)
    sizes = [steps + 1, many, steps + 1, 1]
    owner, share = (np.repeat([before[at], told, after[at], before[at]], sizes)
                    for at, told in ((0, outer.piece), (1, outer.share)))  # fmt: skip
    angle = np.concatenate([np.full(steps + 1, before[2]), outer.angle, np.full(steps + 1, after[2]), [before[2]]])
    reach = np.concatenate([away, outer.reach, away[::-1], [0.0]])
    on_curve = np.zeros(len(reach), dtype=np.bool_)
    on_curve[steps + 1 : steps + many] = outer.curved
    ring = np.zeros(len(reach), dtype=np.intp)
    return Vertices(ring, owner.astype(np.intp), share.astype(np.float64), angle, reach, on_curve, ~on_curve)


def _onward(before: Array, end: Array, distance: float) -> Array:
    """Positions on the way from the end of a line, going on as it came, the furthest one last; longitudes may go on
    beyond ±180.
    """
    azimuth, _ = inverse(end[None, 0], end[None, 1], before[None, 0], before[None, 1])
    steps = max(1, math.ceil(distance / 1000))
    lon, lat, _ = forward(end[None, 0], end[None, 1], azimuth + 180, np.linspace(0, distance, steps + 1)[1:])
    return np.column_stack([end[0] + half_turn(lon - end[0]), lat])
