"""How the end of a worker process is told."""

import pytest

from backend.jobs import rlimits
from backend.jobs.worker_process import exit_text


@pytest.mark.parametrize(
    ("code", "told"),
    [(70, "exit code 70"), (-9, "SIGKILL"), (-200, "signal 200"), (0xC0000005, "exit code 0xC0000005")],
)
def test_an_exit_code_is_told_as_the_documentation_of_its_system_names_it(code: int, told: str) -> None:
    assert exit_text(code) == told


def test_the_most_memory_that_a_worker_had_is_known_on_windows_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class Windows:
        """What psutil tells of a process there."""

        def memory_info(self) -> "Windows":
            return self

        peak_wset = 123_456

    monkeypatch.setattr(rlimits, "resource", None)
    monkeypatch.setattr(rlimits.psutil, "Process", Windows)
    assert rlimits.peak_memory() == 123_456
