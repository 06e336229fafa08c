"""The bridge's own jobs as they are kept: one file each, whole or not there."""

import logging
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import anyio.to_thread
from pydantic import TypeAdapter

from mcp_server.errors import ResultGoneError
from mcp_server.execution.owners import Owner
from mcp_server.references import JobReference

_log = logging.getLogger(__name__)

_FOLDER = "bridge-jobs"
_MOST = 1000
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job of the bridge: an execution on a server that made no job of it."""

    id: str
    """32 hexadecimal digits that sort by the time at which the job was made."""
    server: str
    process_id: str
    created: str
    """RFC 3339, UTC."""
    until: float
    """When the bridge gives the execution up at the latest, in seconds since the epoch."""
    owner: Owner
    """The process that waits for the answer."""
    status: str = "running"
    """`running`, `successful`, `failed` or `dismissed`."""
    message: str | None = None
    """The reason, where it was not successful."""
    unknown: bool = False
    """It failed because no answer came: it may have run."""
    result: str | None = None
    """Id of its outputs among the kept results."""
    job: str | None = None
    """URI of the job that its server named in the end; what became of it is to be asked there."""

    @property
    def reference(self) -> JobReference:
        """Its URI."""
        return JobReference.of_bridge(self.id)

    @property
    def ended(self) -> bool:
        """Whether the bridge waits for its answer no longer."""
        return self.status != "running" or self.job is not None

    @property
    def seconds(self) -> float:
        """How long ago it was made."""
        return max(0.0, time.time() - datetime.fromisoformat(self.created).timestamp())

    def as_it_stands(self) -> "JobRecord":
        """The record, as lost where nobody will end it any more: its owner is gone, or its time is over."""
        if self.ended:
            return self
        gone = self.owner.alive() is False or time.time() > self.until
        return self.lost() if gone else self

    def lost(self) -> "JobRecord":
        """The record of an execution whose bridge stopped before the answer came."""
        message = (
            f"outcome unknown: the bridge stopped while server {self.server!r} was working on {self.process_id!r}. "
            "It may have run, or still be running there. Call the tool again only if running it twice does no harm."
        )
        return replace(self, status="failed", message=message, unknown=True)


_RECORD = TypeAdapter(JobRecord)


def new_record(server: str, process_id: str, *, seconds: float, owner: Owner, waited: float = 0.0) -> JobRecord:
    """The record of an execution under way.

    seconds: how long it is waited for at the most; waited: how long it has been already.
    """
    now = time.time()
    created = datetime.fromtimestamp(now - waited, UTC).isoformat(timespec="milliseconds")
    job_id = f"{int(now * 1000):012x}{uuid.uuid4().hex[:20]}"
    return JobRecord(job_id, server, process_id, created, now + seconds, owner)


class JobRecords:
    """The newest records of all bridges that share a home: `home/bridge-jobs/{id}.json`."""

    def __init__(self, home: Path, *, most: int = _MOST) -> None:
        """most: how many are kept."""
        self._folder = home / _FOLDER
        self._most = most

    async def write(self, record: JobRecord) -> None:
        """Keep a record in place of an earlier one of the same job.

        Raises: OSError.
        """
        await anyio.to_thread.run_sync(self._write, record)

    async def read(self, job: JobReference) -> JobRecord:
        """A record, as it now stands.

        Raises: ResultGoneError where it is not kept, or no longer.
        """
        return await anyio.to_thread.run_sync(self._read, job)

    async def newest(self, limit: int) -> list[JobRecord]:
        """The newest records, as they now stand, but for those whose server lists a job of its own for them."""
        return await anyio.to_thread.run_sync(self._newest, limit)

    def _write(self, record: JobRecord) -> None:
        unfinished = self._folder / f".{record.id}.{uuid.uuid4().hex}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(_RECORD.dump_json(record))
            unfinished.replace(self._path(record.id))
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        self._drop_oldest()

    def _read(self, job: JobReference) -> JobRecord:
        record = self._load(job.job_id) if _ID.fullmatch(job.job_id) else None
        if record is None:
            raise ResultGoneError(
                f"{job} is not kept, or no longer: the newest {self._most} jobs of the bridge stay. Run the process "
                "again.",
                status=410,
            )
        return record.as_it_stands()

    def _newest(self, limit: int) -> list[JobRecord]:
        found: list[JobRecord] = []
        for job_id in reversed(self._ids()):
            if len(found) == limit:
                break
            record = self._load(job_id)
            if record is not None and record.job is None:
                found.append(record.as_it_stands())
        return found

    def _load(self, job_id: str) -> JobRecord | None:
        try:
            return _RECORD.validate_json(self._path(job_id).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            # Of another version of this program, or damaged: it is as good as gone.
            _log.warning("the record of job %s of the bridge cannot be read: %s", job_id, error)
            return None

    def _ids(self) -> list[str]:
        """Of all records, the oldest first."""
        with suppress(FileNotFoundError):
            return sorted(_ids_in(self._folder))
        return []

    def _drop_oldest(self) -> None:
        """Delete the oldest beyond those that are kept, unless they are still waited for."""
        for job_id in self._ids()[: -self._most]:
            if self._over(job_id):
                self._path(job_id).unlink(missing_ok=True)

    def _over(self, job_id: str) -> bool:
        record = self._load(job_id)
        return record is None or record.as_it_stands().ended

    def _path(self, job_id: str) -> Path:
        return self._folder / f"{job_id}.json"


def _ids_in(folder: Path) -> Iterator[str]:
    for file in folder.iterdir():
        if file.suffix == ".json" and _ID.fullmatch(file.stem):
            yield file.stem
