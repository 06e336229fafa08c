"""Which executor runs a process, as settings and configuration say."""

import subprocess
import sys
from pathlib import Path

import pytest

from backend.api.configuration import ConfigurationError, load_configuration
from backend.errors import BackendError
from backend.jobs import service
from backend.jobs.service import JobService, ProcessSetting
from backend.settings import Settings

ENTRY = "resources:\n  own: {{type: process, {0}processor: {{name: some.module.own}}}}\n"


def executor_of(folder: Path, text: str) -> str | None:
    file = folder / "own.yml"
    file.write_text(ENTRY.format(text))
    return next(one.executor for one in load_configuration(file).processes if one.id == "own")


def test_a_process_may_say_which_executor_runs_it(tmp_path: Path) -> None:
    assert executor_of(tmp_path, "") is None
    assert executor_of(tmp_path, "executor: local, ") == "local"
    assert executor_of(tmp_path, "executor: prefect, ") == "prefect"


def test_an_executor_that_there_is_not_is_refused_with_the_entry_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"own\.yml: process `own`: `executor` must be `local` or `prefect`"):
        executor_of(tmp_path, "executor: celery, ")


def test_an_executor_that_is_not_installed_is_told_at_the_start(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_name: str) -> None:
        return None

    monkeypatch.setattr(service, "find_spec", nothing)
    processes = {"own": ProcessSetting({"name": "some.module.own"}, executor="prefect")}
    with pytest.raises(BackendError, match=r"ogc-processes-mcp\[prefect\]"):
        JobService.open(Settings(home=home), processes, base_url="", warm=False)


def test_a_server_whose_own_workers_run_all_imports_nothing_of_prefect() -> None:
    program = "import backend.app, backend.jobs.service, sys; sys.exit('prefect' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
