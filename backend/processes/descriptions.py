"""How processes describe themselves, without loading those that the package brings: a server offers many, runs few.

Loading a process takes what it works with: numpy, PROJ, pygeoapi. `descriptions.json` beside this file is written by
`scripts/describe_processes.py`. It counts only as long as the code of the processes, and pygeoapi, are those it was
written of; else each process is loaded and asked, which is slower and says the same.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

_FOLDER = Path(__file__).parent
_FILE = _FOLDER / "descriptions.json"


@dataclass(frozen=True, slots=True)
class Described:
    """What a server must know of a process in order to offer it."""

    metadata: Mapping[str, Any]
    """The description as pygeoapi has it: OGC members, without links to a server."""
    idempotent: bool
    """It may be run again after its worker or server died."""
    typed: bool
    """It judges its inputs itself, by the types of its function, and so are their schemas made."""


class Descriptions:
    """Descriptions by processor definition."""

    def __init__(self, kept: Mapping[str, Described]) -> None:
        self._kept = kept

    @classmethod
    def packaged(cls) -> Self:
        """Those that came with the package, unless something has changed that they tell of."""
        kept = json.loads(_FILE.read_bytes())
        if kept["made_of"] != _made_of():
            return cls({})
        return cls({name: Described(**one) for name, one in kept["processors"].items()})

    def of(self, processor_def: Mapping[str, Any]) -> Described:
        """The description of a processor; one that is not kept, or has options of its own, is loaded.

        Raises:
            ProcessFailedError: it cannot be loaded; the message says why.
        """
        kept = self._kept.get(processor_def["name"]) if set(processor_def) == {"name"} else None
        return _asked(processor_def) if kept is None else kept


def to_keep(names: Iterable[str]) -> str:
    """The text of `descriptions.json` for these processors: a line each, so that changes can be read."""
    lines = (f"{json.dumps(name)}: {json.dumps(asdict(_asked({'name': name})))}" for name in names)
    return f'{{"made_of": {json.dumps(_made_of())}, "processors": {{\n{",\n".join(lines)}\n}}}}\n'


def _asked(processor_def: Mapping[str, Any]) -> Described:
    # With the first process that is loaded comes pygeoapi, which takes as long as all else of a server's start.
    from backend.processes.base import TypedProcess
    from backend.processes.running import load_processor

    processor = load_processor(processor_def)
    idempotent = bool(getattr(processor, "idempotent", False))
    return Described(processor.metadata, idempotent, isinstance(processor, TypedProcess))


def _made_of() -> str:
    """Changes with what decides how the package's processes describe themselves."""
    digest = sha256(version("pygeoapi").encode())
    for file in sorted(_FOLDER.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
