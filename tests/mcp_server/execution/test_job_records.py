"""The records of the bridge's own jobs."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from mcp_server.errors import ResultGoneError
from mcp_server.execution import job_records
from mcp_server.execution.job_records import JobRecord, JobRecords, new_record
from mcp_server.execution.owners import Owner
from mcp_server.references import JobReference

pytestmark = pytest.mark.anyio

ME = Owner.current()


def record(process_id: str = "p", *, seconds: float = 60, owner: Owner = ME) -> JobRecord:
    return new_record("remote", process_id, seconds=seconds, owner=owner)


async def test_a_record_reads_back_as_it_was_written(home: Path) -> None:
    running = record()
    ended = replace(running, status="successful", result="a" * 32)
    for written in (running, ended, replace(running, job="ogc://remote/jobs/ü%2F1")):
        await JobRecords(home).write(written)
        assert await JobRecords(home).read(running.reference) == written
    assert [file.name for file in (home / "bridge-jobs").iterdir()] == [f"{running.id}.json"]


async def test_the_newest_come_first_and_those_that_a_server_lists_are_left_out(home: Path) -> None:
    records = JobRecords(home)
    made = [replace(record(), id=f"{number:032x}") for number in range(5)]
    made[3] = replace(made[3], job="ogc://remote/jobs/1")
    for one in reversed(made):
        await records.write(one)
    assert [found.id for found in await records.newest(3)] == [made[4].id, made[2].id, made[1].id]
    assert await JobRecords(home / "nowhere").newest(3) == []


async def test_ids_sort_by_the_time_at_which_they_were_made(monkeypatch: pytest.MonkeyPatch) -> None:
    ids: list[str] = []
    for now in (1e9, 1e9 + 0.01, 2e9, 1e11):
        # Not the process's: servers of other tests ask for the time, too.
        monkeypatch.setattr(job_records, "time", SimpleNamespace(time=lambda now=now: now))
        ids.append(record().id)
    assert ids == sorted(ids)
    assert {len(one) for one in ids} == {32}


async def test_of_many_the_newest_stay_and_those_that_are_still_waited_for(home: Path) -> None:
    records = JobRecords(home, most=2)
    waited_for = replace(record(), id=f"{0:032x}")
    await records.write(waited_for)
    ended = [replace(record(), id=f"{number:032x}", status="failed", message="no") for number in range(1, 5)]
    for one in ended:
        await records.write(one)
    assert {found.id for found in await records.newest(9)} == {waited_for.id, ended[2].id, ended[3].id}
    with pytest.raises(ResultGoneError, match=r"not kept, or no longer: the newest 2 jobs.*Run the process again"):
        await records.read(ended[0].reference)


@pytest.mark.parametrize("job_id", ["0" * 32, "..", "../../manifest", "x", "A" * 32])
async def test_what_is_no_job_is_gone(home: Path, job_id: str) -> None:
    records = JobRecords(home)
    await records.write(record())
    (home / "manifest.json").write_text("{}")
    with pytest.raises(ResultGoneError):
        await records.read(JobReference.of_bridge(job_id))


@pytest.mark.parametrize("content", ["", "[]", '{"id": 1}', '{"id": "x", "owner": 5}', "\udcff"])
async def test_a_damaged_record_is_gone_and_hides_no_other(home: Path, content: str) -> None:
    records = JobRecords(home)
    good, bad = record(), record()
    await records.write(good)
    (home / "bridge-jobs" / f"{bad.id}.json").write_text(content, encoding="utf-8", errors="surrogateescape")
    assert await records.newest(9) == [good]
    with pytest.raises(ResultGoneError):
        await records.read(bad.reference)


async def test_a_record_of_a_later_version_with_more_in_it_is_read(home: Path) -> None:
    records, kept = JobRecords(home), record()
    await records.write(kept)
    file = home / "bridge-jobs" / f"{kept.id}.json"
    file.write_text(file.read_text().replace("{", '{"more": [1], ', 1))
    assert await records.read(kept.reference) == kept


def test_a_job_is_lost_with_its_owner() -> None:
    assert ME.alive() is True
    for gone in (replace(ME, started=ME.started - 100), replace(ME, pid=2**22 + 1)):
        assert gone.alive() is False
        lost = record(owner=gone).as_it_stands()
        assert (lost.status, lost.unknown) == ("failed", True)
        ended = replace(record(owner=gone), status="successful")
        assert ended.as_it_stands() == ended


def test_an_owner_before_the_machine_was_started_anew_is_gone() -> None:
    assert replace(ME, boot="another").alive() is False


@pytest.mark.parametrize("elsewhere", [replace(ME, machine="another", boot="x"), replace(ME, space="another")])
def test_a_job_of_an_owner_that_cannot_be_seen_runs_until_its_time_is_over(elsewhere: Owner) -> None:
    assert elsewhere.alive() is None
    assert record(owner=elsewhere).as_it_stands().status == "running"
    assert record(owner=elsewhere, seconds=-1).as_it_stands().unknown


def test_a_job_whose_time_is_over_is_lost_though_its_owner_lives() -> None:
    assert record(seconds=-1).as_it_stands().unknown


def test_a_job_that_was_waited_for_before_it_was_kept_began_when_it_was_sent() -> None:
    kept = new_record("remote", "p", seconds=60, owner=ME, waited=30)
    assert 30 <= kept.seconds < 40
