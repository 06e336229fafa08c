"""Coordinates as people write them, and places by name."""
