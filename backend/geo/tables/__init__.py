"""Attributes: filters, expressions, groups, joins by key, classes."""
