"""The checks behind the tests, a module for each part of the standard."""
