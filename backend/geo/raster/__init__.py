"""Rasters: GeoTIFF in and out, statistics, algebra, terrain, and to and from features."""
