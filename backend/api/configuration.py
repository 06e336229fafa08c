"""The configuration in pygeoapi's form: the packaged file, and a user's own on top."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol, cast

import yaml

try:
    # In C, where PyYAML was built with it: a tenth of the time.
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader

from backend.api.languages import text_of
from backend.errors import BackendError
from backend.jobs.limits import read_limits
from backend.processes.explanations import suggestion
from backend.settings import ExecutorName

type Document = dict[str, Any]

_PACKAGED = "backend/pygeoapi.yml"
_SECTIONS = ("server", "logging", "metadata", "resources", "pubsub")
"""What pygeoapi's form has at its top; of a user's file, `metadata` and `resources` count."""


class ConfigurationError(BackendError):
    """The server cannot start with this configuration. For the operator: the message names file and entry."""


def _refuse_repetitions(root: yaml.Node) -> None:
    """See that no member stands twice: of two processes of one id the first would never be served.

    It is looked for before merge keys are resolved, which put the members of one mapping into another.

    Raises:
        yaml.MarkedYAMLError: one does.
    """
    nodes = [root]
    seen: set[int] = set()
    while nodes:
        node = nodes.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            _refuse_repeated(node)
            nodes += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            nodes += node.value


def _refuse_repeated(node: yaml.MappingNode) -> None:
    there: set[tuple[str, Any]] = set()
    for name, _ in node.value:
        if not isinstance(name, yaml.ScalarNode):
            continue
        if (name.tag, name.value) in there:
            raise yaml.MarkedYAMLError(problem=f"`{name.value}` stands twice", problem_mark=name.start_mark)
        there.add((name.tag, name.value))


@dataclass(frozen=True, slots=True)
class ProcessEntry:
    """One process of the configuration."""

    id: str
    processor: Mapping[str, Any]
    """pygeoapi's processor definition: `name` is a dotted path or the name of one of its plugins."""
    source: str
    """The file that says so, for error messages."""
    packaged: bool
    """It is of our own configuration, not of the user's."""
    demonstration: bool = False
    """It shows how things work, and is of no other use."""
    concurrency: int | None = None
    """Jobs of it that may run at once."""
    limits: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What a job of it may use, where that is not what any job may: members of `backend.jobs.limits.JobLimits`."""
    executor: ExecutorName | None = None
    """What runs its jobs, where that is not what runs all."""
    overrides: "ProcessEntry | None" = None
    """The packaged entry of the same id, whose place it takes."""


class Offered(Protocol):
    """Something that is served as an entry says."""

    @property
    def entry(self) -> ProcessEntry: ...


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the configuration files say."""

    document: Mapping[str, Any]
    """All files as one, as pygeoapi's `API` takes it; its resources are the processes alone."""
    processes: tuple[ProcessEntry, ...]

    def only(self, offered: Mapping[str, Offered]) -> "Configuration":
        """The same with the processes alone that are on offer."""
        kept = tuple(one.entry for one in offered.values())
        return Configuration({**self.document, "resources": _resources(kept)}, kept)

    @property
    def title(self) -> str:
        """The server's title."""
        return str(text_of(self.document["metadata"]["identification"]["title"]))

    @property
    def description(self) -> str:
        """What the server says of itself."""
        return str(text_of(self.document["metadata"]["identification"]["description"]))


def load_configuration(user_file: Path | None) -> Configuration:
    """The packaged configuration with `user_file` on top: its metadata and processes override or add.

    Raises:
        ConfigurationError: The file cannot be read, is no YAML, or has not pygeoapi's form.
    """
    packaged = _parse(files("backend").joinpath("pygeoapi.yml").read_text("utf-8"), _PACKAGED)
    document = packaged
    processes = _processes(packaged, _PACKAGED)
    if user_file is not None:
        source = str(user_file)
        own = _parse(_read(user_file), source)
        _refuse_unknown(own, source)
        for process_id, entry in _processes(own, source).items():
            processes[process_id] = replace(entry, overrides=processes.get(process_id))
        document = {**packaged, "metadata": _merged(packaged["metadata"], _metadata(own, source))}
    entries = tuple(processes.values())
    return Configuration({**document, "resources": _resources(entries)}, entries)


def _resources(entries: Iterable[ProcessEntry]) -> Document:
    return {entry.id: {"type": "process", "processor": dict(entry.processor)} for entry in entries}


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is not UTF-8.") from None


def _document(text: str) -> Any:
    loader = SafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        _refuse_repetitions(root)
        return loader.construct_document(root)  # pyright: ignore[reportUnknownMemberType] -- of any node
    finally:
        loader.dispose()


def _parse(text: str, source: str) -> Document:
    try:
        document = _document(text)
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split()).replace(' in "<unicode string>"', "")
        raise ConfigurationError(f"{source} is not valid YAML: {reason}.") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConfigurationError(f"{source} must hold `resources:` with an entry per process.")
    return cast("Document", document)


def _refuse_unknown(document: Mapping[str, Any], source: str) -> None:
    for key in document:
        if key not in _SECTIONS:
            mended = suggestion(str(key), _SECTIONS) or f" It may have {', '.join(f'`{name}`' for name in _SECTIONS)}."
            raise ConfigurationError(f"{source}: `{key}` is no section of a configuration.{mended}")


def _mapping(document: Mapping[str, Any], key: str, source: str) -> Document:
    value = document.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigurationError(f"{source}: `{key}` must be a mapping.")
    return cast("Document", value)


def _metadata(document: Mapping[str, Any], source: str) -> Document:
    metadata = _mapping(document, "metadata", source)
    identification = metadata.get("identification")
    if identification is not None and not isinstance(identification, dict):
        raise ConfigurationError(f"{source}: `metadata.identification` must be a mapping.")
    for name in ("title", "description"):
        text = text_of(cast("Document", identification or {}).get(name))
        if isinstance(text, list | dict):
            raise ConfigurationError(f"{source}: `metadata.identification.{name}` must be a text, or one per language.")
    return metadata


def _processes(document: Mapping[str, Any], source: str) -> dict[str, ProcessEntry]:
    """The resources of type process. Others, collections say, are pygeoapi's and not served here."""
    entries: dict[str, ProcessEntry] = {}
    for process_id, resource in _mapping(document, "resources", source).items():
        if not isinstance(resource, dict) or "type" not in resource:
            raise ConfigurationError(f"{source}: resource `{process_id}` must be a mapping with `type: process`.")
        entry = cast("Document", resource)
        if entry["type"] == "process":
            entries[str(process_id)] = ProcessEntry(
                id=str(process_id),
                processor=_processor(entry, str(process_id), source),
                source=source,
                packaged=source == _PACKAGED,
                demonstration=entry.get("demonstration") is True,
                concurrency=_concurrency(entry, str(process_id), source),
                limits=_limits(entry, str(process_id), source),
                executor=_executor(entry, str(process_id), source),
            )
    return entries


def _processor(entry: Mapping[str, Any], process_id: str, source: str) -> Mapping[str, Any]:
    processor = entry.get("processor")
    if isinstance(processor, dict):
        definition = cast("Document", processor)
        if isinstance(definition.get("name"), str) and definition["name"]:
            return definition
    raise ConfigurationError(f"{source}: process `{process_id}` needs `processor:` with the `name:` of its class.")


def _concurrency(entry: Mapping[str, Any], process_id: str, source: str) -> int | None:
    value = entry.get("concurrency")
    if value is not None and (type(value) is not int or value < 1):
        where = f"{source}: process `{process_id}`"
        raise ConfigurationError(f"{where}: `concurrency` must be a whole number, at least 1.")
    return value


def _limits(entry: Mapping[str, Any], process_id: str, source: str) -> Mapping[str, Any]:
    limits = _mapping(entry, "limits", f"{source}: process `{process_id}`")
    try:
        read_limits(limits)
    except ValueError as error:
        raise ConfigurationError(f"{source}: process `{process_id}`: {error}.") from None
    return limits


def _executor(entry: Mapping[str, Any], process_id: str, source: str) -> ExecutorName | None:
    match entry.get("executor"):
        case None | "local" | "prefect" as name:
            return name
        case _:
            raise ConfigurationError(f"{source}: process `{process_id}`: `executor` must be `local` or `prefect`.")


def _merged(base: Mapping[str, Any], top: Mapping[str, Any]) -> Document:
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = _merged(cast("Document", below), cast("Document", value))
        elif value is not None:
            merged[key] = value
    return merged
