"""Geometries made of geometries."""
