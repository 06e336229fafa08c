"""A process is told from a later one with its pid, and its death is confirmed."""

import subprocess
import sys
from dataclasses import replace

import psutil

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
        identity = ProcessIdentity(process.pid, psutil.Process(process.pid).create_time())
        assert identity.alive()
        assert identity.kill(wait_seconds=5)
        assert not identity.alive()


def test_the_host_is_the_same_for_all_processes_of_it() -> None:
    program = "from backend.jobs.liveness import host; print(host())"
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert other.stdout.strip() == host()
