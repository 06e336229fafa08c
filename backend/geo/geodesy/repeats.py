"""Things of which there are several of each."""

import numpy as np

from backend.geo.geodesy.ellipsoid import Integers


def repeats(counts: Integers) -> tuple[Integers, Integers]:
    """For each of them: the index of that of which it is one, and how many of the same come before it.

    counts: how many there are of each.
    """
    owners = np.repeat(np.arange(len(counts)), counts)
    return owners, np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
