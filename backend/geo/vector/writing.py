"""Features as files of vector data. Imports GDAL: for workers only."""

# pyogrio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import re
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape  # reads nothing

import numpy as np
import pyogrio.errors
import pyogrio.raw
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, authority_code
from backend.geo.geodesy.shapes import of_type
from backend.geo.vector.archives import zipped
from backend.geo.vector.features import Features
from backend.geo.vector.field_names import free_name
from backend.geo.vector.fields import listed
from backend.geo.vector.file_columns import DAYS, TIMES, Column, column, in_utc, is_elsewhere, texts
from backend.geo.vector.file_description import Written, taken_for_another
from backend.geo.vector.mapped_file import MappedFile
from backend.geo.vector.stored_codes import keep_codes
from backend.geo.vector.xml_texts import named_for_xml

_FORMAT = "$.inputs.format"
_FAULTS = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FeatureError,
    pyogrio.errors.FieldError,
    pyogrio.errors.GeometryError,
)
_SERIES = (("Point", "MultiPoint"), ("LineString", "MultiLineString"), ("Polygon", "MultiPolygon"))
"""Types of which the second holds the first."""
_SUFFIXES = {"GPKG": ".gpkg", "FlatGeobuf": ".fgb", "KML": ".kml", "ESRI Shapefile": ".shp"}
"""Of the files that GDAL's drivers write."""
_MOST_INT = 2.0**31
"""Of the whole numbers of KML's type."""
_UNHELD = {
    "D": "Dates are texts, as the format has none without a time of day",
    "us": "Times finer than the milliseconds of the format are texts",
}
"""What is told of moments of a unit that a format has no type for."""
_ABSOLUTE = rb"<altitudeMode>absolute</altitudeMode>"
_ON_THE_GROUND = re.compile(
    _ABSOLUTE + rb"(?=(?:<outerBoundaryIs><LinearRing>(?:" + _ABSOLUTE + rb")?)?<coordinates>[^,<]*,[^,< ]*[ <])"
)
"""Of lines and rings whose first position has no height. Values cannot look like it: their < is escaped."""


def geopackage(features: Features, layer: str) -> Written[MappedFile]:
    """A GeoPackage of one layer, in the features' CRS.

    Raises:
        ProcessRefusedError: names of fields differ in case alone, which no GeoPackage tells apart.
    """
    check_names(features, "GeoPackage")
    columns, told = all_in_utc(*typed(features, DAYS | TIMES), "a GeoPackage")
    own = _own_columns([name.lower() for name in features.fields])
    options = {"SPATIAL_INDEX": "YES", **own}
    files = written(features, columns, layer, "GPKG", geometry_type(features), read=MappedFile, options=options)
    return Written(files[f"{layer}.gpkg"], told.warned(*taken_for_another(told.crs)))


def flatgeobuf(features: Features, layer: str) -> Written[MappedFile]:
    """A FlatGeobuf in the features' CRS; its index has no place for features without a geometry."""
    # Its geometries have all a height or none, and for those of several types GDAL writes none.
    made = one_type(features) if shapely.has_z(features.shapes).any() else features
    if geometry_type(made) == "Unknown":
        made = flattened(features, "a FlatGeobuf of several geometry types has none; a GeoPackage keeps them")
    made = all_with_heights(made)
    columns, told = typed(made, TIMES)
    indexed = bool(made.present.all())
    index = {"SPATIAL_INDEX": "YES" if indexed else "NO"}
    files = written(made, columns, layer, "FlatGeobuf", geometry_type(made), read=MappedFile, options=index)
    if indexed and len(told) > 1:
        told = told.warned("The features are in the order of the file's spatial index, not in that of before.")
    return Written(files[f"{layer}.fgb"], told.warned(*taken_for_another(told.crs)))


def kml(features: Features, layer: str) -> Written[bytes]:
    """A KML of one folder, in longitude and latitude on WGS 84; heights are above the sea, what has none lies on the
    ground.

    Raises:
        ProcessRefusedError: names of fields differ in case alone, one of which would be lost.
    """
    check_names(features, "KML")
    made = all_named(named_for_xml(features.lonlat(), "KML"))
    columns = [_kml_column(values) for values in made.fields.values()]
    # GDAL escapes values, but no names.
    escaped = {escape(name, {'"': "&quot;"}): values for name, values in made.fields.items()}
    heights = {"AltitudeMode": "absolute"} if shapely.has_z(made.shapes).any() else None
    named = replace(made, fields=escaped)
    files = written(named, columns, layer, "KML", "Unknown", read=Path.read_bytes, dataset_options=heights)
    # Lines and polygons without heights would be at 0 m, mostly below the ground, where others have some.
    return Written(_ON_THE_GROUND.sub(b"", files[f"{layer}.kml"]), made)


def kmz(features: Features, layer: str) -> Written[bytes]:
    """The same, zipped with the name that programs look for; raises what it raises."""
    made = kml(features, layer)
    return Written(zipped({"doc.kml": made.content}), made.features)


def _kml_column(values: Sequence[Any]) -> Column:
    """As texts where GDAL would write true as 1, or round numbers to 15 digits."""
    one = column(values)
    if one.values.dtype == np.int64 and (np.abs(one.values[~one.missing].astype(np.float64) + 0.5) < _MOST_INT).all():
        # GDAL has no type for others, and writes them as texts.
        return replace(one, values=np.where(one.missing, 0, one.values).astype(np.int32))
    numbers = one.values[~one.missing].tolist() if one.values.dtype.kind == "f" else []
    rounded = one.inexact or any(float(f"{number:.15g}") != number for number in numbers)
    return texts(values) if rounded or one.values.dtype == np.bool_ else one


def written[Content](
    features: Features,
    columns: Sequence[Column],
    layer: str,
    driver: str,
    kind: str,
    *,
    read: Callable[[Path], Content],
    options: Mapping[str, str] | None = None,
    dataset_options: Mapping[str, str] | None = None,
) -> dict[str, Content]:
    """The files that GDAL makes of the features, by their names, each as it is read before it is removed.

    Raises:
        ProcessRefusedError: GDAL cannot write them in this format.
    """
    keep_codes()
    zoned = zip(features.fields, columns, strict=True)
    # What GDAL says of values that it had to change is told by who calls, in a person's words.
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore", category=RuntimeWarning):
        path = Path(folder, layer + _SUFFIXES[driver])
        try:
            pyogrio.raw.write(
                path,
                geometry=shapely.to_wkb(features.shapes),
                field_data=[one.values for one in columns],
                # Where there is a mask, each of its values becomes an object of Python.
                field_mask=[one.missing if one.missing.any() else None for one in columns],
                fields=list(features.fields),
                gdal_tz_offsets={name: one.zones for name, one in zoned if one.zones is not None},
                geometry_type=kind,
                crs=_code(features),
                driver=driver,
                layer=layer,
                layer_options=options,
                dataset_options=dataset_options,
            )
        except _FAULTS as error:
            reason = str(error).replace(str(path), layer)[:200]
            raise ProcessRefusedError(f"GDAL cannot write this as {driver}: {reason}", path=_FORMAT) from error
        return {file.name: read(file) for file in sorted(path.parent.iterdir())}


def typed(features: Features, moments: frozenset[str] = frozenset()) -> tuple[list[Column], Features]:
    """The features' columns, and the features with warnings of values that are not what they were in them."""
    columns = [column(values, moments) for values in features.fields.values()]
    told: list[str] = []
    inexact = [name for name, one in zip(features.fields, columns, strict=True) if one.inexact]
    if inexact:
        told.append(f"Whole numbers beyond 2^53 became floating-point ones, and are not exact, in: {listed(inexact)}.")
    for unit, text in _UNHELD.items():
        names = [name for name, one in zip(features.fields, columns, strict=True) if one.unheld == unit]
        if names:
            told.append(f"{text}, in: {listed(names)}.")
    return columns, features.warned(*told)


def all_in_utc(columns: Sequence[Column], features: Features, form: str) -> tuple[list[Column], Features]:
    """The columns for a format that has no other zone, and the features with a warning of times in others."""
    moved = [name for name, one in zip(features.fields, columns, strict=True) if is_elsewhere(one)]
    told = [f"Times are in UTC, as {form} has no other zones, in: {listed(moved)}."] if moved else []
    return [in_utc(one) for one in columns], features.warned(*told)


def check_names(features: Features, form: str) -> None:
    """See that names of fields differ in more than case.

    Raises:
        ProcessRefusedError: some do not.
    """
    names = [name.lower() for name in features.fields]
    if len(set(names)) < len(names):
        twice = sorted({name for name in features.fields if names.count(name.lower()) > 1})
        raise ProcessRefusedError(
            f"the fields {listed(twice)} differ in case alone, which no {form} tells apart: ask for flatgeobuf",
            path=_FORMAT,
        )


def all_named(features: Features) -> Features:
    """The features with a name for the field that has none, which some formats refuse, or lose."""
    if "" not in features.fields:
        return features
    name = free_name("field", {name.lower() for name in features.fields})
    fields = {field or name: values for field, values in features.fields.items()}
    return replace(features, fields=fields).warned(f"The field without a name is called {name!r} in the file.")


def one_type(features: Features) -> Features:
    """Single geometries beside multiple ones of their kind as multiple ones, so that all are of one type."""
    kinds = kinds_of(features)
    for single, multiple in _SERIES:
        if kinds == {single, multiple}:
            shapes = features.shapes.copy()
            index = np.flatnonzero(of_type(shapes, shapely.GeometryType[single.upper()]))
            make = getattr(shapely, multiple)
            shapes[index] = [make([shape]) for shape in shapes[index]]
            return features.with_shapes(shapes)
    return features


def all_with_heights(features: Features) -> Features:
    """Geometries without heights get 0 for it where others have heights: formats have them for all or none."""
    flat = features.present & ~shapely.has_z(features.shapes)
    if not flat.any() or not shapely.has_z(features.shapes).any():
        return features
    shapes = features.shapes.copy()
    shapes[flat] = shapely.force_3d(shapes[flat], z=0.0)
    return features.with_shapes(shapes).warned(
        f"{int(flat.sum())} geometries have no heights where others have some: in the file they have 0."
    )


def flattened(features: Features, kept_by: str) -> Features:
    """The features without heights, which is told where there are any."""
    heights = int(np.count_nonzero(shapely.has_z(features.shapes)))
    if not heights:
        return features
    return features.with_shapes(shapely.force_2d(features.shapes)).warned(
        f"The heights of {heights} geometries were left out: {kept_by}."
    )


def kinds_of(features: Features) -> set[str]:
    """The types of the geometries there are."""
    present = features.shapes[features.present]
    _, first = np.unique(shapely.get_type_id(present), return_index=True)
    return {str(shape.geom_type) for shape in present[first]}


def geometry_type(features: Features) -> str:
    """The type of a layer, as GDAL calls it."""
    kinds = kinds_of(features)
    if len(kinds) != 1:
        return "Unknown"
    return kinds.pop() + (" Z" if shapely.has_z(features.shapes).any() else "")


def _code(features: Features) -> str:
    """Of the CRS, or its WKT. Files have longitude first whatever the authority says; what reads them knows EPSG's."""
    return "EPSG:4326" if features.crs == CRS84 else authority_code(features.crs) or features.crs.to_wkt()


def _own_columns(names: Sequence[str]) -> dict[str, str]:
    """Names of the columns that a GeoPackage adds, which no field may have."""
    return {"FID": free_name("fid", names, "_"), "GEOMETRY_NAME": free_name("geom", names, "_")}
