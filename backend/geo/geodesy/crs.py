"""Coordinate reference systems by their authority's code, and the way from one to another."""

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from threading import get_ident
from typing import Self, cast
from warnings import catch_warnings, simplefilter

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError
from pyproj.transformer import AreaOfInterest, TransformerGroup

from backend.errors import refuse
from backend.geo.geodesy.crs_names import codes_of_name
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.geodesy.shapes import Shapes, batches

CRS84 = CRS.from_authority("OGC", "CRS84")
"""Longitude, latitude in degrees on WGS 84: the CRS of GeoJSON (RFC 7946, 4)."""
_EPSG_4326 = CRS.from_epsg(4326)
_LONLAT = (CRS84, _EPSG_4326)
_TIME_DEPENDENT, _EPOCH = "Time-dependent", "Parameter reference epoch"
"""Of a step in EPSG's words, and what tells when it needs no change."""

_CODE = re.compile(
    r"(?:urn:ogc:def:crs:(?P<urn>[A-Za-z]\w*):[\w.]*:(?P<urn_code>\w[\w.]*)"
    r"|https?://www\.opengis\.net/def/crs/(?P<url>[A-Za-z]\w*)/[\w.]+/(?P<url_code>\w[\w.]*)"
    r"|(?P<short>[A-Za-z]\w*):{1,2}(?P<short_code>\w[\w.]*)"
    r"|(?P<bare_code>[0-9]{4,6}))"  # nobody but EPSG is meant by a number alone
)
_WGS84 = re.compile(r"(?:WGS|CRS)[ _-]?(?:19)?84", re.IGNORECASE)
_FORMS = "an authority's code such as EPSG:25832, OGC:CRS84 or http://www.opengis.net/def/crs/EPSG/0/25832"
_LONGEST_SHOWN = 60
_BATCH = 2**15
"""Vertices that are transformed together."""
_FILE_PARAMETERS = ("PARAMETERFILE", "nadgrids", "geoidgrids")
"""Of a CRS: they name files that PROJ would read."""
_UNKNOWN_DATUM = ("unknown", "unnamed", "d_unknown", "d_unnamed")
"""How the names begin, ESRI's with D_, by which PROJ takes a datum for one that nobody told."""


def parse_crs(text: str) -> CRS:
    """The CRS that an authority's code names; definitions in other forms could make PROJ read files.

    Raises:
        ProcessRefusedError: it is no code, or the authority has no such horizontal CRS.
    """
    shown = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
    match = _CODE.fullmatch(text.strip())
    if match is None and _WGS84.fullmatch(text.strip()):
        refuse(f"{shown!r} is no code: give OGC:CRS84 (longitude first) or EPSG:4326")
    if match is None:
        named = codes_of_name(text)
        meant = f"; by that name there is {', '.join(named)}" if named else ""
        refuse(f"{shown!r} is no CRS: give {_FORMS}{meant}")
    authority = match["urn"] or match["url"] or match["short"] or "EPSG"
    code = match["urn_code"] or match["url_code"] or match["short_code"] or match["bare_code"]
    try:
        crs = CRS.from_authority(authority.upper(), code.upper() if authority.upper() == "OGC" else code)
    except ProjError:
        refuse(f"there is no CRS {shown!r}: give {_FORMS}")
    if not (crs.is_geographic or crs.is_projected):
        refuse(f"{shown} ({crs.name}) has no horizontal coordinates on the Earth's surface")
    return crs


def stored_crs(crs: CRS, name: str) -> CRS:
    """The CRS that stands in the file of this name: by its authority's code where it has one, WGS 84 as CRS84.

    Raises:
        ProcessRefusedError: it names a file that PROJ would read, or is none of places on the Earth.
    """
    if any(parameter in crs.to_wkt() for parameter in _FILE_PARAMETERS):
        refuse(f"the CRS of {name} names a file of its own, which is not read; store it by its authority's code")
    code = authority_code(crs)
    if code is None:
        return crs
    known = parse_crs(code)
    return CRS84 if code_of(known) == "EPSG:4326" else known


def authority_code(crs: CRS) -> str | None:
    """The authority's code, such as `EPSG:25832`; None where it has none, as of a CRS of somebody's own."""
    # Of an unknown datum PROJ would take one that has the same ellipsoid: places would be off by a hundred metres.
    if crs.datum is not None and crs.datum.name.lower().startswith(_UNKNOWN_DATUM):
        return None
    found = cast("tuple[str, str] | None", crs.to_authority(min_confidence=70))
    return ":".join(found) if found else None


def code_of(crs: CRS) -> str:
    """The authority's code; the name where it has none."""
    return authority_code(crs) or crs.name


def metres_per_unit(crs: CRS) -> float | None:
    """The length in metres of a unit of a projected CRS; None for one in degrees."""
    return float(crs.axis_info[0].unit_conversion_factor) if crs.is_projected else None


def degrees_per_unit(crs: CRS) -> float:
    """The angle in degrees of a unit of a geographic CRS: few of them count in grads."""
    return float(crs.axis_info[0].unit_conversion_factor / CRS84.axis_info[0].unit_conversion_factor)


def area_told(crs: CRS) -> str:
    """The area that a CRS is made for, for people."""
    area = crs.area_of_use
    if area is None:
        return "unknown"
    return f"{area.west:g} to {area.east:g} degrees of longitude and {area.south:g} to {area.north:g} of latitude"


type Bounds = tuple[float, float, float, float]
"""West, south, east, north: the least x and y, then the greatest."""


def is_made_for(meant: CRS | Transformer, bounds: Bounds) -> bool:
    """Whether the area that a CRS or an operation is made for holds all of these degrees."""
    area = meant.area_of_use
    if area is None:
        return False
    west, south, east, north = bounds
    if not (area.south <= south and north <= area.north):
        return False
    if area.west <= area.east:
        return area.west <= west and east <= area.east
    return area.west <= west or east <= area.east


def refuse_other_globes(crs: CRS) -> None:
    """See that coordinates of a CRS have places on the Earth, of which lengths and areas can be told.

    Raises:
        ProcessRefusedError: it is of another globe.
    """
    Transformation.between(crs, CRS84)


@dataclass(frozen=True)
class Transformation:
    """The best way that there is from one CRS to another, without downloading anything."""

    source: CRS
    target: CRS
    transformer: Transformer
    description: str
    """What PROJ calls it."""
    accuracy: float | None
    """Metres, as its authority states it; None where that is unknown."""
    ballpark: bool
    """The datums differ and their difference is not known there: the result may be off by a hundred metres and more."""
    missing_grids: tuple[str, ...]
    """Of ways that would be more accurate."""

    @classmethod
    def between(cls, source: CRS, target: CRS, bounds: Bounds | None = None) -> Self:
        """Find it; `bounds` are west, south, east, north in degrees of what is to be transformed.

        Raises:
            ProcessRefusedError: there is none.
        """
        group, beyond = _ways(source, target, bounds, get_ident())
        if group is None or not group.transformers:
            reason = " on this machine" if group else ": the projection of one of them is none that PROJ has"
            refuse(f"there is no way from {code_of(source)} to {code_of(target)}{reason}")
        ways = [way for way in group.transformers if not (beyond and bounds and _apart(bounds, way))]
        best = (ways or group.transformers)[0]
        if bounds is not None and ways and _is_ballpark(best):
            best = _by_a_third(source, target, bounds, get_ident()) or best
        missing = dict.fromkeys(
            grid.short_name for way in group.unavailable_operations for grid in way.grids if not grid.available
        )
        ballpark = not ways or _is_ballpark(best)
        accuracy = float(best.accuracy) if ways and best.accuracy >= 0 else None
        return cls(
            source, target, best, best.description, accuracy, ballpark,
            () if group.best_available or not ways else tuple(missing),
        )  # fmt: skip

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What a person must know of the result."""
        way = f"{code_of(self.source)} to {code_of(self.target)}"
        found: list[str] = []
        if self.ballpark:
            found.append(
                f"{way} is a ballpark transformation: the difference of the datums is not known, and the result may be "
                "off by a hundred metres and more."
            )
        elif self.accuracy is not None and self.accuracy > 1:
            found.append(f"{way} is accurate to {self.accuracy:g} m ({self.description}).")
        if self.epochs:
            years = " and ".join(f"{year:g}" for year in self.epochs)
            found.append(
                f"The difference of {way} grows by centimetres a year, with the plates: the coordinates were taken for "
                f"those of {years}; measured at another time they are off by as much."
            )
        if self.missing_grids:
            found.append(f"A more accurate way from {way} needs the grids {', '.join(self.missing_grids[:3])}.")
        return tuple(found)

    @cached_property
    def epochs(self) -> tuple[float, ...]:
        """Years for which the difference of the datums is taken, where it changes with time and no time is given."""
        steps = [step for step in self.transformer.operations or () if _TIME_DEPENDENT in step.method_name]
        told = [param.value for step in steps for param in step.params if param.name == _EPOCH]
        return tuple(dict.fromkeys(map(float, told)))

    def positions(self, coordinates: Array) -> Array:
        """Positions n × 2 or n × 3, x (easting, longitude) before y; heights stay as they are.

        Raises:
            ProcessRefusedError: a position has no place in the target.
        """
        x, y = self.transformer.transform(coordinates[:, 0], coordinates[:, 1])
        lost = np.flatnonzero(~(np.isfinite(x) & np.isfinite(y)))
        if lost.size:
            at = ", ".join(f"{ordinate:.10g}" for ordinate in coordinates[lost[0], :2])
            refuse(f"({at}) in {code_of(self.source)} has no place in {code_of(self.target)}")
        return np.column_stack([x, y, *coordinates[:, 2:].T])

    def shapes(self, shapes: Shapes) -> Shapes:
        """Geometries with their vertices transformed: edges stay straight between them."""
        with_heights = bool(shapely.has_z(shapes).any())
        # What the positions of all take on the way would be half of what the geometries take.
        return np.concatenate(
            [shapely.transform(some, self.positions, include_z=with_heights) for some in batches(shapes, _BATCH)]
        )


@lru_cache(maxsize=64)
def _ways(source: CRS, target: CRS, bounds: Bounds | None, _thread: int) -> tuple[TransformerGroup | None, bool]:
    """All ways that there are, as `_group` has them, and whether the bounds lie beyond where they are meant to be used.

    To find them takes longer than to transform many thousand positions, and one answer needs the same several times.
    Each thread has its own: PROJ's are not for two at once.
    """
    # Where neither is meant to be used, PROJ would search for seconds for a way that there is not.
    beyond = bounds is not None and any(_apart(bounds, crs) for crs in (source, target))
    with catch_warnings():
        # Of grids that are not here: whoever reads the answer is told, not who looks at the log.
        simplefilter("ignore")
        group = _group(*_exact(source, target), None if beyond else bounds)
    return group, beyond


def _group(source: CRS, target: CRS, bounds: Bounds | None) -> TransformerGroup | None:
    """The ways between two CRSs, the best first; None where PROJ lacks the projection of one.

    As CRS84 is OGC's, PROJ would look for ways to other geographic CRSs among those of all authorities, which takes it
    a second, fails for some (`list index out of range`), and finds none where EPSG has one. What it finds is EPSG's
    where that is one step made for all of the bounds.
    """
    area = AreaOfInterest(*bounds) if bounds else None
    ways = partial(TransformerGroup, source, target, always_xy=True, area_of_interest=area)
    if CRS84 not in (source, target) or source.is_projected or target.is_projected:
        with suppress(IndexError):  # of a projection that PROJ does not have, such as the Tunisia Mining Grid
            return ways()
        return None
    of_epsg = ways(authority="EPSG")
    if of_epsg.transformers and _is_one_step(of_epsg.transformers[0], bounds):
        return of_epsg
    with suppress(IndexError):
        of_all = ways()
        if of_all.transformers:
            return of_all
    return of_epsg


def _is_one_step(way: Transformer, bounds: Bounds | None) -> bool:
    """Whether it is known by how much two datums differ in all of the bounds, without a third."""
    steps = sum(step.type_name == "Transformation" for step in way.operations or ())
    return steps <= 1 and not _is_ballpark(way) and (bounds is None or is_made_for(way, bounds))


def _exact(source: CRS, target: CRS) -> tuple[CRS, CRS]:
    """The two, with CRS84 for EPSG:4326, which differs in the order of axes, where both have its datum.

    From CRS84 alone PROJ takes a projection of the same datum for exact, and for right wherever it leads.
    """
    if any(crs.geodetic_crs != _EPSG_4326 for crs in (source, target) if crs not in _LONLAT):
        return source, target
    return CRS84 if source in _LONLAT else source, CRS84 if target in _LONLAT else target


def _is_ballpark(way: Transformer) -> bool:
    return "ballpark" in way.description.lower()


@lru_cache(maxsize=64)
def _by_a_third(source: CRS, target: CRS, bounds: Bounds, _thread: int) -> Transformer | None:
    """A way over a third CRS whose differences from both are known there, which PROJ's list of ways leaves out.

    None where it is meant for a part of the bounds alone: elsewhere its accuracy would be untrue.
    """
    west, south, east, north = bounds
    try:
        with catch_warnings():
            simplefilter("ignore")
            way = Transformer.from_crs(
                source, target, always_xy=True, area_of_interest=AreaOfInterest(*bounds), allow_ballpark=False
            )
        middle = Transformer.from_crs(CRS84, source, always_xy=True).transform((west + east) / 2, (south + north) / 2)
        way.transform(*middle, errcheck=True)
        used = way.get_last_used_operation()
    except ProjError:
        return None
    return used if is_made_for(used, bounds) else None


def _apart(bounds: Bounds, meant: CRS | Transformer) -> bool:
    """Whether degrees lie wholly beyond the area for which a CRS or an operation is meant."""
    area = meant.area_of_use
    if area is None:
        return False
    west, south, east, north = bounds
    if north < area.south or south > area.north:
        return True
    if area.west <= area.east:
        return east < area.west or west > area.east
    return west > area.east and east < area.west
