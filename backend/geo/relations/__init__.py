"""Layers on layers: overlays, predicates, nearest neighbours, apportionment."""
