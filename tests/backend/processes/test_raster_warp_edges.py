"""`raster-warp` over poles and the antimeridian, and what of a file it keeps; rasterio and PROJ are the oracles."""

# rasterio has no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

import numpy as np
import pytest
from affine import Affine
from pyproj import Transformer
from rasterio.enums import ColorInterp
from rasterio.io import MemoryFile

from backend.errors import ProcessRefusedError
from backend.processes.raster_calculate import raster_calculate
from backend.processes.raster_warp import raster_warp
from backend.processes.running import run_processor
from backend.processes.terrain import terrain
from backend.processes.zonal_statistics import zonal_statistics
from tests.backend.geotiffs import UTM32, contents, tiff

CORNER = "POLYGON ((9 45.1543, 9.003 45.1543, 9.003 45.1565, 9 45.1565, 9 45.1543))"
"""A part of a raster of 40 x 40 cells at UTM32."""
SLOPE = np.broadcast_to(10.0 * np.arange(40), (40, 40)).copy()
"""It rises by one unit of height in a metre."""
NUMBERED = np.arange(20_000.0).reshape(100, 200)


def quiet(percent: float, message: str | None = None) -> None:
    pass


def ran(process: Any, **inputs: Any) -> dict[str, Any]:
    outputs = run_processor(process({"name": "here"}), inputs, None, quiet)
    return {one.id: bytes(one.value) if "tiff" in one.media_type else one.value for one in outputs}


def labelled(values: Any, *, crs: str = "EPSG:32632", unit: str | None = None, names: tuple[str, ...] = ()) -> bytes:
    bands = values if values.ndim == 3 else values[np.newaxis]
    with MemoryFile() as file:
        with file.open(
            driver="GTiff", crs=crs, transform=UTM32, count=len(bands), height=bands.shape[1], width=bands.shape[2],
            dtype=bands.dtype,
        ) as writer:  # fmt: skip
            writer.write(bands)
            if unit:
                writer.units = (unit,) * len(bands)
            if names:
                writer.descriptions = names
        return bytes(file.getbuffer())


def check_places(made: bytes, source: Any, transform: Affine, crs: str, there: str) -> None:
    """Each cell has the value of the place of its centre; positions are true to 0.01 cells, so some have the next."""
    values, profile = contents(made)
    onto = profile["transform"]
    column, row = np.meshgrid(np.arange(values.shape[2]) + 0.5, np.arange(values.shape[1]) + 0.5)
    x, y = Transformer.from_crs(there, crs, always_xy=True).transform(
        onto.a * column + onto.c,
        np.clip(onto.e * row + onto.f, -90, 90) if there == "OGC:CRS84" else onto.e * row + onto.f,
    )
    found = np.isfinite(x) & np.isfinite(y)
    inverse = ~transform
    at = np.stack([inverse.a * x[found] + inverse.c, inverse.e * y[found] + inverse.f], axis=-1)
    inside = np.zeros(x.shape, bool)
    inside[found] = ((at >= 0) & (at < (source.shape[1], source.shape[0]))).all(axis=1)
    cell = at[inside[found]].astype(int)
    expected = np.full(x.shape, np.nan)
    expected[inside] = source[cell[:, 1], cell[:, 0]]
    got = values[0].astype(float).filled(np.nan)
    both = inside & ~np.isnan(got)
    assert both.any()
    assert (inside != ~np.isnan(got)).mean() < 1e-3
    assert (got[both] != expected[both]).mean() < 0.03


def test_a_part_of_elevations_in_feet_is_as_steep_as_they_are() -> None:
    raster = labelled(SLOPE, unit="ft")
    part = ran(raster_warp, raster=raster, mask=CORNER)["raster"]
    steep = np.degrees(np.arctan(0.3048))
    assert ran(terrain, raster=raster)["statistics"]["mean"] == pytest.approx(steep, rel=1e-6)
    assert ran(terrain, raster=part)["statistics"]["mean"] == pytest.approx(steep, rel=1e-6)


def test_heights_of_a_compound_crs_keep_their_unit_where_the_crs_becomes_another() -> None:
    raster = labelled(SLOPE, crs="EPSG:26917+6360")
    made = ran(raster_warp, raster=raster, crs="EPSG:3857")["raster"]
    with MemoryFile(made) as file, file.open() as reader:
        assert reader.units == ("US survey foot",)
        assert reader.crs.to_epsg() == 3857


def test_bands_keep_their_names() -> None:
    raster = labelled(np.stack([SLOPE, SLOPE + 1]), names=("red", "nir"))
    made = ran(raster_warp, raster=raster, resolution=20)["raster"]
    assert ran(raster_calculate, raster=made, expression="nir - red")["statistics"]["mean"] == pytest.approx(1)


def test_classes_keep_their_colours_so_that_they_are_not_averaged_later() -> None:
    classes = (np.arange(1600).reshape(40, 40) % 5).astype(np.uint8)
    made = ran(raster_warp, raster=tiff(classes, palette=True), mask=CORNER)["raster"]
    with MemoryFile(made) as file, file.open() as reader:
        assert reader.colorinterp == (ColorInterp.palette,)
        assert reader.colormap(1)[3] == (3, 0, 0, 255)
    with pytest.raises(ProcessRefusedError, match="take nearest or mode"):
        ran(raster_warp, raster=made, resolution=20, resampling="average")
    told = ran(zonal_statistics, raster=made, statistics=["mean"])["features"]["warnings"]
    assert any("colour table" in warning for warning in told)


def test_a_mask_of_which_one_part_reaches_beyond_the_raster_is_told() -> None:
    beyond = "POLYGON ((9.003 45.1543, 9.2 45.1543, 9.2 45.1565, 9.003 45.1565, 9.003 45.1543))"
    rows = f'id,wkt\n1,"{CORNER}"\n2,"{beyond}"'
    told = ran(raster_warp, raster=tiff(SLOPE), mask=rows)["statistics"]["warnings"]
    assert told == ["The mask reaches beyond the raster: there is no data there."]
    assert ran(raster_warp, raster=tiff(SLOPE), mask=CORNER)["statistics"]["warnings"] == []


@pytest.mark.parametrize("rule", ["nearest", "mode"])
def test_scaled_integers_keep_their_decimals(rule: str) -> None:
    stored = np.repeat(np.repeat(np.arange(100, dtype=np.int16).reshape(10, 10), 2, axis=0), 2, axis=1)
    made = ran(raster_warp, raster=tiff(stored, scale=0.01, offset=-0.5), resolution=20, resampling=rule)["raster"]
    assert contents(made)[0][0].tolist() == pytest.approx(np.arange(100).reshape(10, 10) * 0.01 - 0.5)


@pytest.mark.parametrize(("kind", "large"), [("int32", 2**31 - 1), ("uint32", 2**32 - 1), ("int64", 2**53)])
def test_large_integers_are_brought_to_another_grid_exactly(kind: str, large: int) -> None:
    codes = np.array([[large, large - 1], [large - 2, 7]]).astype(kind)
    made = ran(raster_warp, raster=tiff(np.kron(codes, np.ones((2, 2), kind))), resolution=20, resampling="nearest")
    values, profile = contents(made["raster"])
    assert (values[0].tolist(), profile["dtype"]) == (codes.tolist(), kind)


def test_integers_that_would_be_rounded_on_another_grid_are_refused() -> None:
    with pytest.raises(ProcessRefusedError, match=r"beyond 2\^53"):
        ran(raster_warp, raster=tiff(np.array([[2**53 + 1, 1]])), resolution=5, resampling="nearest")


def test_what_is_computed_of_bands_has_neither_their_unit_nor_their_names() -> None:
    made = ran(raster_calculate, raster=labelled(SLOPE, unit="ft", names=("height",)), expression="height > 3")[
        "raster"
    ]
    with MemoryFile(made) as file, file.open() as reader:
        assert (reader.units, reader.descriptions) == ((None,), (None,))


@pytest.mark.parametrize("inputs", [{}, {"resolution": 2000}])
def test_a_raster_across_the_antimeridian_is_at_both_ends_of_mercator(inputs: dict[str, Any]) -> None:
    transform = Affine(2000, 0, 130_000, 0, -2000, 200_000)
    made = ran(
        raster_warp, raster=tiff(NUMBERED, transform, "EPSG:32601"), crs="EPSG:3857", resampling="nearest", **inputs
    )
    assert made["statistics"]["cell_size"] == pytest.approx([2000, 2000], rel=0.01)
    assert "at both ends of the result" in made["statistics"]["warnings"][-1]
    check_places(made["raster"], NUMBERED, transform, "EPSG:32601", "EPSG:3857")


def test_degrees_beyond_180_are_at_both_ends_of_mercator_in_cells_of_their_size() -> None:
    raster = tiff(NUMBERED, Affine(0.1, 0, 170, 0, -0.1, 5), "EPSG:4326")
    made = ran(raster_warp, raster=raster, crs="EPSG:3857", resampling="nearest")
    assert made["statistics"]["cell_size"][0] == pytest.approx(np.radians(0.1) * 6_378_137, rel=0.01)
    assert "at both ends of the result" in made["statistics"]["warnings"][-1]
    values, _ = contents(made["raster"])
    assert len(np.unique(values.compressed())) > 0.98 * NUMBERED.size


def test_a_raster_across_the_antimeridian_stays_in_one_piece_where_the_plane_has_no_edge() -> None:
    transform = Affine(500, 0, 130_000, 0, -500, 60_000)
    made = ran(raster_warp, raster=tiff(NUMBERED, transform, "EPSG:32601"), crs="EPSG:3832")
    assert made["statistics"]["width"] < 250
    assert made["statistics"]["warnings"] == []


@pytest.mark.parametrize(("crs", "cell"), [("EPSG:3413", 1000), ("EPSG:3031", 20_000)])
def test_a_raster_around_a_pole_is_brought_to_degrees_without_loss(crs: str, cell: float) -> None:
    source = np.arange(400.0).reshape(20, 20)
    transform = Affine(cell, 0, -10 * cell, 0, -cell, 10 * cell)
    made = ran(raster_warp, raster=tiff(source, transform, crs), crs="EPSG:4326", resampling="nearest")
    told = made["statistics"]
    # A degree of latitude is about 111.7 km there; the cells' scale at a pole differs from 1 by up to 3 %.
    assert told["cell_size"][1] == pytest.approx(cell / 111_700, rel=0.05)
    assert (told["bounds"][0], told["bounds"][2]) == pytest.approx((-180, 180))
    assert max(abs(told["bounds"][1]), told["bounds"][3]) == pytest.approx(90)
    check_places(made["raster"], source, transform, crs, "OGC:CRS84")
    values, _ = contents(made["raster"])
    assert len(np.unique(values.compressed())) == source.size


def test_cells_of_a_degree_are_meant_for_a_raster_of_the_whole_earth() -> None:
    source = np.arange(73.0 * 173).reshape(73, 173)
    transform = Affine(100_000, 0, -8_650_000 * 2, 0, -100_000, 7_300_000)
    raster = tiff(source, transform, "EPSG:6933")
    made = ran(raster_warp, raster=raster, crs="EPSG:4326", resolution=1, resampling="nearest")
    assert made["statistics"]["cell_size"] == [1, 1]
    check_places(made["raster"], source, transform, "EPSG:6933", "OGC:CRS84")
    with pytest.raises(ProcessRefusedError, match="cells of 50 degrees are hardly meant"):
        ran(raster_warp, raster=raster, crs="EPSG:4326", resolution=50)
    with pytest.raises(ProcessRefusedError, match="cells of 10 degrees are hardly meant"):
        ran(raster_warp, raster=tiff(NUMBERED), crs="EPSG:4326", resolution=10)


@pytest.mark.parametrize(("kind", "wider", "nodata"), [(np.uint8, "uint16", 65_535), (np.int8, "int16", -32_768)])
def test_an_image_that_uses_every_value_gets_a_type_with_one_left(kind: Any, wider: str, nodata: int) -> None:
    limits = np.iinfo(kind)
    image = np.random.default_rng(0).integers(limits.min, limits.max + 1, (3, 100, 100)).astype(kind)
    made = ran(raster_warp, raster=tiff(image), crs="EPSG:3857")
    values, profile = contents(made["raster"])
    assert (profile["dtype"], profile["nodata"]) == (wider, nodata)
    assert set(np.unique(values.compressed()).tolist()) <= set(range(limits.min, limits.max + 1))
    assert 0 < np.ma.count_masked(values) < values.size / 10
    assert any(wider in warning for warning in made["statistics"]["warnings"])


@pytest.mark.parametrize(
    ("inputs", "name", "reason"),
    [
        ({"like": b"xx"}, "like", "no GeoTIFF"),
        ({"raster": b"xx"}, "raster", "no GeoTIFF"),
        ({"like": tiff(SLOPE)[:100]}, "like", "^the raster cannot be read: the raster: TIFF"),
        ({"raster": tiff(NUMBERED)[:3000]}, "raster", "^the raster cannot be read: the raster, band 1"),
        ({"like": tiff(SLOPE, crs=None)}, "like", "does not tell its CRS"),
        ({"raster": tiff(SLOPE.astype(np.complex64))}, "raster", "complex"),
        ({"resolution": 1e-6}, "raster", "larger cells"),
        ({"mask": "POINT (9.001 45.155)"}, "mask", "zones must be polygons"),
        ({"mask": {"type": "FeatureCollection", "features": []}}, "mask", "is empty"),
    ],
)
def test_a_refusal_names_the_input_and_no_file_of_the_machine(inputs: dict[str, Any], name: str, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason) as refused:
        ran(raster_warp, **{"raster": tiff(SLOPE), **inputs})
    assert refused.value.path == f"$.inputs.{name}"
    assert "vsimem" not in str(refused.value)
    assert ".tif" not in str(refused.value)


@pytest.mark.parametrize("kind", ["int64", "uint64"])
def test_cells_without_data_of_64_bit_integers_have_none_in_the_file_either(kind: str) -> None:
    """rasterio writes -2^63 with an exponent, which is read back as -9: the cells had data then, and others none."""
    values = np.arange(1600).reshape(40, 40).astype(kind)
    half = "POLYGON ((9 45.1543, 9.003 45.1543, 9.003 45.1565, 9 45.1543))"
    made, profile = contents(ran(raster_warp, raster=tiff(values), mask=half)["raster"])
    assert profile["dtype"] == kind
    assert np.ma.is_masked(made)
    assert set(made.compressed().tolist()) <= set(values.ravel().tolist())
