"""The job engine as a process manager of pygeoapi's."""

import asyncio
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pygeoapi.process.base import (
    JobNotFoundError,
    JobResultNotFoundError,
    ProcessorExecuteError,
)
from pygeoapi.process.manager.base import BaseManager
from pygeoapi.util import DATETIME_FORMAT, RequestedProcessExecutionMode
from pygeoapi.util import JobStatus as PygeoapiStatus

from backend.errors import BackendError, NoSuchJobError
from backend.jobs.contents import stored_bytes, stored_value
from backend.jobs.records import Job, JobQuery, JobRequest
from backend.jobs.service import JobService, ProcessSetting
from backend.jobs.states import JobStatus
from backend.settings import Settings
from summaries.values import is_json

type Executed = tuple[str, str, Any, PygeoapiStatus, dict[str, str] | None]
"""Job id, media type, content, status, response headers: what pygeoapi expects of an execution."""

_ALL = 2**31 - 1
_JSON = "application/json"


class JobManager(BaseManager):
    """Loadable by stock pygeoapi: `manager: {name: backend.jobs.manager.JobManager, connection: FOLDER}`.

    Keeps nothing of a request, so that any number may use it at once. `engine` and `store` in the definition take the
    place of own ones; own ones start with their first use, because pygeoapi makes managers only to describe processes.
    """

    def __init__(self, manager_def: dict[str, Any]) -> None:
        super().__init__(manager_def)  # pyright: ignore[reportUnknownMemberType]
        self.is_async = True
        self._lock = threading.Lock()
        self._finalizer: Callable[[], Any] | None = None
        self._given: JobService | None = None
        if "engine" in manager_def:
            self._given = JobService(manager_def["store"], manager_def["engine"])
        self._base_url = str(manager_def.get("base_url", ""))
        home: str | None = manager_def.get("connection")
        self._settings = Settings() if home is None else Settings(home=Path(home))
        resources: Mapping[str, Mapping[str, Any]] = manager_def.get("processes", {})
        self._processors = {
            id_: ProcessSetting(
                entry["processor"], entry.get("concurrency"), entry.get("limits", {}), entry.get("executor")
            )
            for id_, entry in resources.items()
            if "processor" in entry
        }

    def close(self) -> None:
        """End an own engine; pygeoapi does not, so that it also happens when the interpreter ends."""
        if self._finalizer is not None:
            self._finalizer()

    def get_jobs(
        self, status: PygeoapiStatus | None = None, limit: int | None = None, offset: int | None = None
    ) -> dict[str, Any]:
        """One page of jobs, newest first, and the number of all."""
        where = None if status is None else JobQuery(statuses=(JobStatus(status.value),))
        jobs, total = self._service().store.list(limit=limit or _ALL, offset=offset or 0, where=where)
        return {"jobs": [self._document(job) for job in jobs], "numberMatched": total}

    def get_job(self, job_id: str) -> dict[str, Any]:
        """The job in pygeoapi's form.

        Raises:
            JobNotFoundError: there is none of that id.
        """
        try:
            return self._document(self._service().store.get(job_id))
        except NoSuchJobError as error:
            raise JobNotFoundError from error

    def get_job_result(self, job_id: str) -> tuple[str, Any]:
        """Media type and content: of one output the value itself, of several an object with each under its id.

        Raises:
            JobNotFoundError: there is no job of that id.
            JobResultNotFoundError: it has no results.
        """
        try:
            return self._results(self._service().store.get(job_id))
        except NoSuchJobError as error:
            raise JobNotFoundError from error
        except BackendError as error:
            raise JobResultNotFoundError(str(error)) from error

    def delete_job(self, job_id: str) -> bool:
        """Dismiss the job; tells whether its end could be confirmed.

        Raises:
            JobNotFoundError: there is none of that id.
        """
        try:
            job = asyncio.run(self._service().engine.dismiss(job_id))
        except NoSuchJobError as error:
            raise JobNotFoundError from error
        return job.status is JobStatus.DISMISSED

    # pygeoapi annotates four results and returns five, and passes the value of the enumeration that it annotates.
    def execute_process(  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: PLR0917
        self,
        process_id: str,
        data_dict: dict[str, Any],
        execution_mode: RequestedProcessExecutionMode | None = None,
        requested_outputs: Mapping[str, Any] | Sequence[str] | None = None,
        subscriber: Any = None,  # noqa: ARG002 - pygeoapi asks `supports_subscribing` first
        requested_response: str | None = "raw",
    ) -> Executed:
        """Run a process in a worker, and wait for it unless the client wants to ask later.

        Raises:
            UnknownProcessError: there is no such process.
            ProcessorExecuteError: the job was dismissed while the client waited.
        """
        processor = self.get_processor(process_id)
        request = JobRequest(
            process_id=process_id,
            inputs=data_dict,
            outputs=None if requested_outputs is None else tuple(requested_outputs),
            response="document" if requested_response == "document" else "raw",
            idempotent=bool(getattr(processor, "idempotent", False)),
        )
        modes: Sequence[str] = processor.metadata.get("jobControlOptions", [])  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        wants_async = execution_mode is RequestedProcessExecutionMode.respond_async and "async-execute" in modes
        respond_async = wants_async or "sync-execute" not in modes
        engine = self._service().engine
        patience = 0 if respond_async else self._settings.max_wait_seconds
        job = engine.submit(request, durable=respond_async, patience=patience)
        if not respond_async:
            job = asyncio.run(engine.wait(job.id, timeout=self._settings.max_wait_seconds))
        if not job.final:
            return job.id, _JSON, None, PygeoapiStatus.accepted, {"Preference-Applied": "respond-async"}
        return self._ended(job)

    def _ended(self, job: Job) -> Executed:
        if job.status is JobStatus.DISMISSED:
            raise ProcessorExecuteError(job.message)
        headers = {"Preference-Applied": "wait"}
        try:
            media_type, content = self._results(job)
        except BackendError as error:
            code = "InvalidParameterValue"
            content = {"type": code, "code": code, "description": str(error)}
            return job.id, _JSON, content, PygeoapiStatus.failed, headers
        return job.id, media_type, content, PygeoapiStatus.successful, headers

    def _results(self, job: Job) -> tuple[str, Any]:
        store = self._service().store
        stored = store.results(job.id)
        for one in stored:
            store.verify(one)
        if job.response == "raw" and len(stored) == 1:
            record, content = stored[0]
            if is_json(record.media_type) and record.media_type != _JSON:
                # pygeoapi would encode the value as the text that it takes it for.
                return record.media_type, stored_bytes(content).decode()
            return record.media_type, stored_value(record, content)
        return _JSON, {record.output_id: stored_value(record, content) for record, content in stored}

    def _document(self, job: Job) -> dict[str, Any]:
        created = job.created.strftime(DATETIME_FORMAT)
        return {
            "identifier": job.id,
            "process_id": job.process_id,
            "status": job.status.value,
            "message": job.message,
            "progress": job.progress,
            "created": created,
            # pygeoapi sorts by it, so that a job that has not started must have one.
            "started": job.started.strftime(DATETIME_FORMAT) if job.started else created,
            "finished": job.finished.strftime(DATETIME_FORMAT) if job.finished else None,
            "updated": job.updated.strftime(DATETIME_FORMAT),
            "mimetype": self._media_type(job),
        }

    def _media_type(self, job: Job) -> str:
        if job.status is not JobStatus.SUCCESSFUL:
            return _JSON
        stored = self._service().store.results(job.id)
        return stored[0][0].media_type if len(stored) == 1 and job.response == "raw" else _JSON

    def _service(self) -> JobService:
        with self._lock:
            if self._given is None:
                self._given = self._open()
            return self._given

    def _open(self) -> JobService:
        service = JobService.open(self._settings, self._processors, base_url=self._base_url, warm=False)
        self._finalizer = weakref.finalize(self, service.close)
        return service
