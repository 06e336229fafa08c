"""A process is told from a later one with its pid, and its death is confirmed."""

import subprocess
import sys
from dataclasses import replace

import psutil
import pytest

from backend.jobs.liveness import ProcessIdentity, host

ENDLESS = [sys.executable, "-c", "sum(range(10**15))"]


def test_this_process_lives() -> None:
    assert ProcessIdentity.current().alive()


def test_a_process_with_the_same_pid_and_another_start_is_another_one() -> None:
    me = ProcessIdentity.current()
    earlier = replace(me, started=me.started - 100)
    assert not earlier.alive()
    assert earlier.kill(wait_seconds=0)  # it is gone, and nobody else was harmed
    assert me.alive()


def test_a_killed_process_is_confirmed_dead() -> None:
    with subprocess.Popen(ENDLESS) as process:
        identity = ProcessIdentity.of(process.pid)
        assert identity.alive()
        assert identity.kill(wait_seconds=5)
        assert not identity.alive()


def test_there_is_no_identity_without_a_process() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait(timeout=60)
    with pytest.raises(psutil.NoSuchProcess):
        ProcessIdentity.of(process.pid)


def test_a_process_stays_the_same_when_the_clock_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    me = ProcessIdentity.current()
    booted = psutil.boot_time() + 3600
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: booted, raising=False)
    assert me.alive()
    assert ProcessIdentity.current() == me


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell of children")
def test_a_child_is_one_from_its_start_by_any_thread_until_it_is_waited_for() -> None:
    program = """
import os, subprocess, sys, threading
from backend.jobs.liveness import has_children

children, told = [], [has_children()]
begin = lambda: children.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))
thread = threading.Thread(target=begin)
thread.start()
thread.join()
told.append(has_children())
children[0].stdin.write(b"\\n")
children[0].stdin.close()
os.waitid(os.P_PID, children[0].pid, os.WEXITED | os.WNOWAIT)
told.append(has_children())
children[0].wait()
print(*told, has_children())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["False", "True", "True", "False"]


def test_the_host_is_the_same_for_all_processes_of_it() -> None:
    program = "from backend.jobs.liveness import host; print(host())"
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert other.stdout.strip() == host()
