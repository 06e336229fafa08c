"""Prints the tested versions of what only development needs, as constraints: `python scripts/tools_of_tests.py`.

With them and the lowest versions of everything else, tests tell whether the lower bounds of our dependencies hold.
"""

import re
import sys
import tomllib
from collections.abc import Iterable
from itertools import chain
from pathlib import Path


def tools_of_tests(declared: str) -> list[str]:
    """The constraints, from the text of a pyproject.toml."""
    document = tomllib.loads(declared)
    project = document["project"]
    ours = _names(chain(project["dependencies"], *project["optional-dependencies"].values()))
    tools = _names(document["dependency-groups"]["dev"]) - ours
    return [pin for pin in document["tool"]["uv"]["constraint-dependencies"] if _names([pin]) <= tools]


def _names(requirements: Iterable[str]) -> set[str]:
    return {re.split(r"[^\w.-]", requirement, maxsplit=1)[0] for requirement in requirements}


def main() -> None:
    """One on each line."""
    declared = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    sys.stdout.writelines(f"{pin}\n" for pin in tools_of_tests(declared))


if __name__ == "__main__":
    main()
