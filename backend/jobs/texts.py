"""Texts of processes, as a database and whoever lists jobs can bear them. Pure."""

from typing import Final

LONGEST_MESSAGE: Final = 4000
"""Characters of what a job tells of its progress or its failure: every list of jobs has it."""

CUT: Final = " […]"
"""The end of a text of which the rest is left out."""


def shortened(text: str, most: int) -> str:
    """The text, cut where it has more characters than that."""
    return text if len(text) <= most else text[: most - len(CUT)] + CUT


def storable(text: object, most: int) -> str:
    """What a process gave for a text, of at most so many characters that any database can hold.

    It may be anything: bytes would lie in a column of texts, and in the way of every list that they are a part of.
    """
    return shortened(str(text), most).encode("utf-8", "replace").decode()
