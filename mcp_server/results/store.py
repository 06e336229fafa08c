"""Results that their server does not keep, kept by the bridge: one folder each, whole or not there."""

import json
import re
import shutil
import time
import uuid
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import anyio.to_thread

from mcp_server.errors import InvalidReferenceError, ResultGoneError
from mcp_server.ogc.models import ABSENT, OutputResult
from mcp_server.ogc.outputs import page
from mcp_server.references import KeptReference
from summaries import summarise

_FOLDER = "bridge-results"
_MANIFEST = "manifest.json"
_ID = re.compile(r"[0-9a-f]{32}")
_MAX_BYTES = 512 * 2**20
_WITH_VALUE_BYTES = 2**20
_UNFINISHED_SECONDS = 3600.0
"""To write a result takes seconds."""


class KeptResults:
    """The newest results of synchronous executions; the oldest go when all together are too large.

    Files: `home/bridge-results/{id}/manifest.json` and one file per output. Any number of processes may share a home.
    """

    def __init__(self, home: Path, *, max_bytes: int = _MAX_BYTES) -> None:
        """max_bytes: of all results together."""
        self._folder = home / _FOLDER
        self._max_bytes = max_bytes

    async def keep(self, server: str, process_id: str, outputs: tuple[OutputResult, ...]) -> tuple[KeptReference, ...]:
        """Keep the outputs of one execution; their URIs, in the same order."""
        return await anyio.to_thread.run_sync(self._keep, server, process_id, outputs)

    async def read(
        self, reference: KeptReference, *, offset: int | None = None, limit: int | None = None
    ) -> OutputResult:
        """One output, or a page of it.

        Raises: ResultGoneError where it is not kept, or no longer; InvalidReferenceError for an unknown output.
        """
        return await anyio.to_thread.run_sync(self._read, reference, offset, limit)

    async def outputs(self, result_id: str) -> tuple[tuple[KeptReference, OutputResult], ...]:
        """All outputs of one execution, in their order; a value larger than 1 MB is left out.

        Raises: ResultGoneError where they are not kept, or no longer.
        """
        return await anyio.to_thread.run_sync(self._outputs, result_id)

    async def server_of(self, result_id: str) -> str:
        """The server of one execution.

        Raises: ResultGoneError where its outputs are not kept, or no longer.
        """
        return await anyio.to_thread.run_sync(self._server_of, result_id)

    async def drop(self, result_id: str) -> None:
        """Delete the outputs of one execution, if they are kept."""
        if _ID.fullmatch(result_id):
            folder = self._folder / result_id
            await anyio.to_thread.run_sync(lambda: shutil.rmtree(folder, ignore_errors=True))

    def _keep(self, server: str, process_id: str, outputs: tuple[OutputResult, ...]) -> tuple[KeptReference, ...]:
        result_id = uuid.uuid4().hex
        unfinished = self._folder / f".{result_id}"
        unfinished.mkdir(parents=True)
        try:
            entries = [_write(unfinished, number, output) for number, output in enumerate(outputs)]
            manifest = {"server": server, "process": process_id, "outputs": entries}
            (unfinished / _MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
            unfinished.rename(self._folder / result_id)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        self._drop_oldest(newest=result_id)
        return tuple(KeptReference(result_id, output.id) for output in outputs)

    def _read(self, reference: KeptReference, offset: int | None, limit: int | None) -> OutputResult:
        with self._told_gone(str(reference)):
            entries = self._entries(reference.result_id)
            entry = next((entry for entry in entries if entry["id"] == reference.output_id), None)
            if entry is None:
                names = ", ".join(str(entry["id"]) for entry in entries)
                raise InvalidReferenceError(f"{reference} names no output of that execution; it has {names}")
            return page(_output(self._folder / reference.result_id, entry), offset, limit)

    def _outputs(self, result_id: str) -> tuple[tuple[KeptReference, OutputResult], ...]:
        with self._told_gone("the result of this job"):
            folder, entries = self._folder / result_id, self._entries(result_id)
            return tuple(
                (KeptReference(result_id, entry["id"]), _output(folder, entry, largest=_WITH_VALUE_BYTES))
                for entry in entries
            )

    def _server_of(self, result_id: str) -> str:
        with self._told_gone("this result"):
            return self._manifest(result_id)["server"]

    def _entries(self, result_id: str) -> list[dict[str, Any]]:
        return self._manifest(result_id)["outputs"]

    def _manifest(self, result_id: str) -> dict[str, Any]:
        if not _ID.fullmatch(result_id):
            raise FileNotFoundError(result_id)
        return json.loads((self._folder / result_id / _MANIFEST).read_text(encoding="utf-8"))

    @contextmanager
    def _told_gone(self, what: str) -> Generator[None]:
        try:
            yield
        # What was being written when the machine lost its power is no result.
        except (FileNotFoundError, ValueError, KeyError) as error:
            raise ResultGoneError(
                f"{what} is not kept, or no longer: the newest results stay, {self._max_bytes / 2**20:g} MB "
                "in all. Run the process again.",
                status=410,
            ) from error

    def _drop_oldest(self, *, newest: str) -> None:
        """Delete from the oldest on until the rest is small enough; another process may be doing the same."""
        sized: list[tuple[float, int, Path]] = []
        for folder in self._folder.iterdir():
            with suppress(FileNotFoundError, NotADirectoryError):
                made = folder.stat().st_mtime
                if not folder.name.startswith("."):
                    sized.append((made, sum(file.stat().st_size for file in folder.iterdir()), folder))
                elif made < time.time() - _UNFINISHED_SECONDS:
                    # Others are being written, here or by another process; nobody ends this one any more.
                    shutil.rmtree(folder, ignore_errors=True)
        excess = sum(size for _, size, _ in sized) - self._max_bytes
        for _, size, folder in sorted(sized):
            if excess <= 0:
                return
            if folder.name != newest:
                shutil.rmtree(folder, ignore_errors=True)
                excess -= size


def _write(folder: Path, number: int, output: OutputResult) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": output.id, "media_type": output.media_type, "href": output.href}
    if output.value is ABSENT:
        return entry | {"size": output.size, "summary": output.summary}
    binary = isinstance(output.value, bytes)
    data = output.value if isinstance(output.value, bytes) else json.dumps(output.value).encode("ascii")
    file = f"{number}.bin" if binary else f"{number}.json"
    (folder / file).write_bytes(data)
    summary = output.summary if output.summary is not None else summarise(output.value, output.media_type)
    return entry | {"file": file, "size": output.size if output.size is not None else len(data), "summary": summary}


def _output(folder: Path, entry: Mapping[str, Any], *, largest: int | None = None) -> OutputResult:
    value: Any = ABSENT
    if "file" in entry and (largest is None or (folder / str(entry["file"])).stat().st_size <= largest):
        data = (folder / str(entry["file"])).read_bytes()
        value = data if str(entry["file"]).endswith(".bin") else json.loads(data)
    summary = cast("Mapping[str, Any] | None", entry["summary"])
    return OutputResult(entry["id"], entry["media_type"], entry["size"], summary, value, entry["href"])
