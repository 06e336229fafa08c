"""All points within a distance of short pieces of lines, as polygons in the plane of longitude and latitude.

A capsule's boundary is made of end points of geodesics that leave its piece at right angles, and its ends in all
directions: each vertex is at the exact distance. A vertex is named by where its geodesic starts (a share of the piece)
and by its angle to the piece's direction, so that more can be put between any two.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from backend.geo.buffers.pieces import Pieces
from backend.geo.geodesy.antimeridian import WORLD, wrap
from backend.geo.geodesy.ellipsoid import METRES_PER_DEGREE, Array, Booleans, Integers, forward, half_turn, inverse
from backend.geo.geodesy.shapes import Shapes, flat, shapes_of, valid_polygons

COARSE_STEP = 45.0
"""Degrees between the vertices of an end that lies inside the capsules of its neighbours."""
OUTWARD = 2e-5
"""Share of the distance by which an edge, straight in longitude and latitude, may leave the true curve, in addition
to the height of a circle's segment."""
PROBES = (0.5, 0.25, 0.75)
"""Shares of an edge at which it is compared with the true curve; a narrow edge at its middle only."""
WIDE = 2.0
"""Degrees of longitude from which an edge is wide."""


@dataclass(frozen=True, slots=True)
class Vertices:
    """Vertices of many rings, one ring after the other, each ring's last equal to its first."""

    ring: Integers
    """Ascending."""
    piece: Integers
    share: Array
    """Of the piece's length, where the vertex's geodesic starts; outside 0 to 1 on the way that the piece would go on.
    """
    angle: Array
    """Degrees from the direction of the piece."""
    reach: Array
    """Length of the vertex's geodesic, as a share of the distance."""
    exposed: Booleans
    """The edge to the next vertex may be a part of the union's boundary."""
    checked: Booleans
    """The edge to the next vertex is close enough to the true curve, or there is none."""


def capsules(pieces: Pieces, turns: Array, preceded: Booleans, resolution: int) -> tuple[Shapes, Integers]:
    """Polygons whose union is all that lies within the pieces' distances of them, and the piece that each belongs to.

    `turns` are degrees to the right at each piece's end, NaN at a line's end; `preceded` says whether another piece
    ends where this one starts; `resolution` is the number of edges of a quarter circle.
    """
    return refined(pieces, _first_vertices(turns, preceded, resolution), resolution)


def refined(pieces: Pieces, vertices: Vertices, resolution: int) -> tuple[Shapes, Integers]:
    """Polygons of rings, with more vertices where their edges are too far from the true curve, and the piece of each
    one's first vertex.
    """
    inward = 1 - np.cos(np.pi / 4 / resolution) + OUTWARD
    points = _positions(pieces, vertices)
    while not vertices.checked.all():
        split = _far_from_curve(pieces, vertices, points, inward)
        vertices = replace(vertices, checked=np.ones_like(vertices.checked))
        if split.size:
            middle = _between(vertices, split)
            points = np.insert(points, split + 1, _positions(pieces, middle), axis=0)
            vertices = _inserted(vertices, split, middle)
    return _polygons(pieces, vertices, points)


def _first_vertices(turns: Array, preceded: Booleans, resolution: int) -> Vertices:
    """The rings before refinement: the end, from right to left, then the start, from left to right."""
    step = 90 / resolution
    end = np.linspace(90, -90, 2 * resolution + 1)
    start = end - 180
    free, turn = np.isnan(turns)[:, np.newaxis], turns[:, np.newaxis]
    # A turn to the right opens a wedge on the left, and the other way round.
    wedge = np.where(turn > 0, end <= turn - 90 + step, (turn < 0) & (end >= turn + 90 - step))
    end_fine = free | wedge
    start_fine = np.broadcast_to(~preceded[:, np.newaxis], end_fine.shape)
    coarse = np.arange(2 * resolution + 1) % max(1, int(resolution * COARSE_STEP / 90)) == 0
    coarse[-1] = True
    closing = np.ones((len(turns), 1), dtype=bool)
    fine = np.hstack([end_fine, start_fine, closing])
    kept = np.hstack([end_fine | coarse, start_fine | coarse, closing])
    columns = np.broadcast_to(np.concatenate([end, start, start[-1:]]), kept.shape)
    shares = np.broadcast_to(np.concatenate([np.ones(len(end)), np.zeros(len(start)), [1.0]]), kept.shape)
    piece = np.broadcast_to(np.arange(len(turns))[:, np.newaxis], kept.shape)[kept]
    share, fine = shares[kept], fine[kept]
    along = np.append(share[1:] != share[:-1], False)
    exposed = along | (fine & np.append(fine[1:], False))
    last = np.append(piece[1:] != piece[:-1], True)
    return Vertices(piece, piece, share, columns[kept], np.ones(len(piece)), exposed, last)


def _positions(pieces: Pieces, vertices: Vertices) -> Array:
    """Longitude and latitude, n × 2."""
    longitude, latitude, azimuth = pieces.at(vertices.piece, vertices.share)
    reach = pieces.distance[vertices.piece] * vertices.reach
    lon, lat, _ = forward(longitude, latitude, azimuth + vertices.angle, reach)
    return np.column_stack([lon, lat])


def _between(vertices: Vertices, index: Integers) -> Vertices:
    """The vertices half way along the edges that begin at `index`."""
    return Vertices(
        vertices.ring[index],
        vertices.piece[index],
        (vertices.share[index] + vertices.share[index + 1]) / 2,
        (vertices.angle[index] + vertices.angle[index + 1]) / 2,
        np.ones(len(index)),
        vertices.exposed[index],
        np.zeros(len(index), dtype=bool),
    )


def _inserted(vertices: Vertices, index: Integers, middle: Vertices) -> Vertices:
    checked = vertices.checked.copy()
    checked[index] = False
    return Vertices(
        np.insert(vertices.ring, index + 1, middle.ring),
        np.insert(vertices.piece, index + 1, middle.piece),
        np.insert(vertices.share, index + 1, middle.share),
        np.insert(vertices.angle, index + 1, middle.angle),
        np.insert(vertices.reach, index + 1, middle.reach),
        np.insert(vertices.exposed, index + 1, middle.exposed),
        np.insert(checked, index + 1, middle.checked),
    )


def _far_from_curve(pieces: Pieces, vertices: Vertices, points: Array, inward: float) -> Integers:
    """Edges not yet checked that need a vertex more."""
    edge = np.flatnonzero(~vertices.checked)
    distance = pieces.distance[vertices.piece[edge]]
    span = np.abs(half_turn(points[edge + 1, 0] - points[edge, 0]))
    polar = (90 - np.minimum(np.abs(points[edge, 1]), np.abs(points[edge + 1, 1]))) * METRES_PER_DEGREE
    far = (span > 90) & (polar > 1e-5 * distance)
    # Inside the neighbours' capsules an edge need not be right; it must not reach out of them.
    allowed = np.where(vertices.exposed[edge], inward, 0.5)
    for share in PROBES:
        # Near a pole an edge may cross the true curve where it was looked at, and be far from it elsewhere.
        probed = np.flatnonzero(~far & ((span > WIDE) | (share == 0.5)))
        error = _reach(pieces, vertices, points, edge[probed], share) / distance[probed] - 1
        far[probed] = (error > OUTWARD) | (error < -allowed[probed])
    return edge[far]


def _reach(pieces: Pieces, vertices: Vertices, points: Array, edge: Integers, share: float) -> Array:
    """Metres from a place on each edge, at a share of the edge, to the place on the piece that belongs to it."""
    foot = (1 - share) * vertices.share[edge] + share * vertices.share[edge + 1]
    longitude, latitude, _ = pieces.at(vertices.piece[edge], foot)
    start, end = points[edge], points[edge + 1]
    lon = start[:, 0] + share * half_turn(end[:, 0] - start[:, 0])
    lat = start[:, 1] + share * (end[:, 1] - start[:, 1])
    _, reach = inverse(longitude, latitude, half_turn(lon), lat)
    return reach


def _polygons(pieces: Pieces, vertices: Vertices, points: Array) -> tuple[Shapes, Integers]:
    ring, piece = vertices.ring, vertices.piece
    starts = np.flatnonzero(np.concatenate([[True], ring[1:] != ring[:-1]]))
    jump = np.append(np.abs(np.diff(points[:, 0])) > 90, False) & np.append(ring[1:] == ring[:-1], False)
    crossing = np.logical_or.reduceat(jump, starts)
    plain = ~np.repeat(crossing, np.diff(np.append(starts, len(ring))))
    made: Shapes = np.empty(len(starts), dtype=object)
    if plain.any():
        inside: Any = shapely.polygons(shapely.linearrings(points[plain], indices=_ranked(ring[plain])))
        made[~crossing] = _valid(inside)
    for number in np.flatnonzero(crossing).tolist():
        span = slice(starts[number], starts[number + 1] if number + 1 < len(starts) else None)
        middle = (pieces.start[piece[starts[number]], 1] + pieces.end[piece[starts[number]], 1]) / 2
        made[number] = _crossing_polygon(points[span, 0], points[span, 1], 90.0 if middle >= 0 else -90.0)
    parts, of = flat(made)
    return parts, piece[starts[of]]


def _ranked(ring: Integers) -> Integers:
    return np.cumsum(np.concatenate([[0], (ring[1:] != ring[:-1]).astype(np.intp)]))


def _crossing_polygon(lon: Array, lat: Array, pole: float) -> BaseGeometry:
    """The polygon or polygons of a ring that crosses the antimeridian, or goes round or over a pole."""
    span = half_turn(np.diff(lon))
    if abs(span.sum()) > 180:
        # Seen from the vertex nearest to the pole, no other part of the ring lies towards it.
        nearest = int(np.argmax(lat[:-1] * pole))
        lon, lat = (np.append(np.roll(values[:-1], -nearest), values[nearest]) for values in (lon, lat))
        span = half_turn(np.diff(lon))
    x = lon[0] + np.concatenate([[0.0], np.cumsum(span)])
    over = np.flatnonzero(np.abs(span) > 90)
    ring = np.column_stack([x, lat])
    at_pole = np.copysign(90.0, lat[over])
    before, after = np.column_stack([x[over], at_pole]), np.column_stack([x[over + 1], at_pole])
    ring = np.insert(ring, np.repeat(over + 1, 2), np.stack([before, after], axis=1).reshape(-1, 2), axis=0)
    if abs(span.sum()) <= 180:
        return wrap(_valid(shapes_of([shapely.Polygon(ring)]))[0])
    # Round and round, and up to the pole only outside the window: within it there is no cut but the antimeridian.
    turns = [ring + np.array([360 * turn, 0]) for turn in (range(-2, 2) if span.sum() > 0 else range(1, -3, -1))]
    curve = np.vstack(turns)
    around = shapely.Polygon(np.vstack([curve, [curve[-1, 0], pole], [curve[0, 0], pole]]))
    valid: BaseGeometry = _valid(shapes_of([around]))[0]
    return shapely.intersection(valid, WORLD)


def _valid(polygons: Shapes) -> Shapes:
    """Polygons whose rings touch or cross themselves by rounding, mended."""
    wrong = ~shapely.is_valid(polygons)
    if not wrong.any():
        return polygons
    mended = polygons.copy()
    mended[wrong] = valid_polygons(polygons[wrong])
    return mended
