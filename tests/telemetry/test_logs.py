"""Records of the log as programs read them: of commands, servers and workers, as they run."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.app import create_app
from backend.settings import Settings
from telemetry.logs import JsonLines, about

JSON_LOG = {"OGC_PROCESSES_LOG_FORMAT": "JSON", "OGC_PROCESSES_LOG_LEVEL": "INFO"}


def written(
    message: str, *arguments: object, error: BaseException | None = None, stack: str | None = None
) -> dict[str, Any]:
    caught = None if error is None else (type(error), error, error.__traceback__)
    record = logging.LogRecord("backend.jobs", logging.WARNING, __file__, 1, message, arguments, caught)
    record.stack_info = stack
    line = JsonLines().format(record)
    assert "\n" not in line
    assert "\\u" not in line, "as it was written, to be looked for"
    return json.loads(line)


def test_a_record_is_one_line_with_time_level_logger_and_message() -> None:
    found = written("two\nlines of %s", "Ωmega")
    assert found["message"] == "two\nlines of Ωmega"
    assert (found["level"], found["logger"]) == ("warning", "backend.jobs")
    assert found["time"].endswith("+00:00")
    assert "exception" not in found


def test_an_exception_is_told_with_its_traceback() -> None:
    try:
        raise ValueError("no ring")
    except ValueError as error:
        found = written("failed", error=error)
    assert found["exception"].startswith("Traceback")
    assert found["exception"].endswith("ValueError: no ring")
    assert "stack" not in found
    assert written("here", stack="Stack:\n  line 1")["stack"] == "Stack:\n  line 1"


@pytest.mark.parametrize(
    ("form", "level", "shown"),
    [("text", "warning", ["w"]), ("text", "info", ["INFO a: i", "WARNING a: w"]), ("json", "error", [])],
)
def test_what_is_logged_follows_the_level_that_is_asked_for(form: str, level: str, shown: list[str]) -> None:
    code = (
        "import logging, telemetry.logs as logs; "
        f"logs.configure({form!r}, {level!r}); log = logging.getLogger('a'); log.info('i'); log.warning('w')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr.splitlines() == shown


def test_a_record_names_what_was_at_work_and_only_while_it_was() -> None:
    with about(request_id="r1"):
        with about(job_id="j1", process_id="echo"):
            inner = written("inner")
        outer = written("outer")
    assert (inner["request_id"], inner["job_id"], inner["process_id"]) == ("r1", "j1", "echo")
    assert "job_id" not in outer
    assert "request_id" not in written("after")


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_backend_of_an_application_server_logs_json_to_standard_error_and_nothing_to_standard_output(
    home: Path,
) -> None:
    program = """
import logging
from backend import asgi
asgi.create()
logging.getLogger("backend").info("as %s", "asked")
logging.getLogger("backend").debug("too much")
"""
    environment = {**os.environ, **JSON_LOG, "OGC_PROCESSES_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout == ""
    assert [(one["level"], one["message"]) for one in records(done.stderr)] == [("info", "as asked")]


WORKER = """
import logging
from backend.jobs.worker import _start_logging
from telemetry.logs import about
for form in ("text", "json"):
    _start_logging("error", form)
    with about(job_id="j1"):
        logging.getLogger("backend.jobs").error("broken")
"""


def test_a_worker_writes_its_records_in_the_form_that_is_asked_for() -> None:
    done = subprocess.run([sys.executable, "-c", WORKER], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == ""
    text, form = done.stderr.splitlines()
    assert text.startswith("ERROR backend.jobs [worker ")
    record = json.loads(form)
    assert (record["message"], record["job_id"], record["level"]) == ("broken", "j1", "error")


@pytest.mark.anyio
@pytest.mark.parametrize(("given", "kept"), [("abc-1", True), ("two words", False), ("x" * 200, False)])
async def test_a_request_is_answered_with_its_id_a_sound_one_of_the_clients_or_a_new_one(
    home: Path, given: str, *, kept: bool
) -> None:
    app = create_app(Settings(home=home, warm=False, log_format="json"))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:5001") as client:
        answer = await client.get("/conformance", headers={"X-Request-ID": given})
    told = answer.headers["x-request-id"]
    assert (told == given) is kept
    assert len(told) <= 128


@pytest.mark.anyio
async def test_requests_have_no_id_where_the_log_is_text(home: Path) -> None:
    transport = httpx.ASGITransport(app=create_app(Settings(home=home, warm=False)))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:5001") as client:
        assert "x-request-id" not in (await client.get("/conformance")).headers


@pytest.mark.parametrize("settings", [{"log_format": "xml"}, {"log_level": "loud"}])
def test_a_form_or_level_that_there_is_not_is_refused(home: Path, settings: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="Input should be"):
        Settings.model_validate({"home": home, **settings})
