"""The files of a deployment as data: what Dockerfile and docker-compose.yml say."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]

_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


@dataclass(frozen=True, slots=True)
class Copy:
    """One COPY: where from, inside the build context or another stage, and where to."""

    sources: tuple[str, ...]
    target: str
    stage: str | None


@dataclass(slots=True)
class Image:
    """What one stage of the Dockerfile makes, with what it inherits."""

    name: str
    base: str
    user: str = "root"
    command: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    volumes: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)

    def source_of(self, path: str) -> Path:
        """The file of the checkout that stands at `path` in the image."""
        for copy in self.copies:
            if copy.stage is None and path == copy.target:
                return ROOT / copy.sources[0]
        raise KeyError(path)


def read_images() -> dict[str, Image]:
    """All stages by name, in order."""
    images: dict[str, Image] = {}
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    image = Image("", "")
    for line in text.splitlines():
        keyword, _, rest = line.strip().partition(" ")
        if keyword == "FROM":
            base, _, name = rest.partition(" AS ")
            image = images[name] = _derived(name, base, images.get(base))
        elif keyword and keyword != "#":
            _apply(image, keyword, rest.strip())
    return images


def _derived(name: str, base: str, parent: Image | None) -> Image:
    if parent is None:
        return Image(name, base)
    return Image(name, base, parent.user, parent.command, {**parent.environment}, [*parent.volumes])


def _apply(image: Image, keyword: str, rest: str) -> None:
    match keyword:
        case "ENV":
            image.environment |= dict(word.split("=", 1) for word in shlex.split(rest))
        case "COPY":
            words = shlex.split(rest)
            stage = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else None
            image.copies.append(Copy(tuple(words[:-1]), words[-1], stage))
        case "USER":
            image.user = rest
        case "CMD":
            image.command = json.loads(rest)
        case "VOLUME":
            image.volumes.append(rest)
        case "EXPOSE":
            image.ports.append(int(rest))
        case "RUN":
            image.runs.append(rest)
        case "WORKDIR":
            pass
        case _:
            raise ValueError(f"{keyword}: an instruction that these tests do not know")


def read_services(**variables: str) -> dict[str, Any]:
    """The services of the compose file, with these environment variables and the defaults of the others."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    filled = _VARIABLE.sub(lambda found: variables.get(found[1]) or found[2] or "", text)
    return yaml.safe_load(filled)["services"]


def compose_variables() -> set[str]:
    """The environment variables that the compose file reads."""
    return {found[1] for found in _VARIABLE.finditer((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))}
