"""Results as files: whole or not there, in their folder or nowhere, and none in place of another."""

import errno
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from mcp_server.errors import BridgeError, ConfigurationError, InvalidArgumentsError, InvalidServerReplyError
from mcp_server.ogc.models import Download
from mcp_server.results.folder import ResultFolder, SavedFile
from tests.disks import sync_with

pytestmark = pytest.mark.anyio

PIECES = (b"SQLite ", b"", b"format 3\x00")
WHOLE = b"".join(PIECES)
DIGEST = hashlib.sha256(WHOLE).hexdigest()
GPKG = "application/geopackage+sqlite3"


async def nobody(_written: int, _size: int | None) -> None:
    """Told of progress where nobody asked for it."""


def download(
    *pieces: bytes | Exception, size: int | None = None, sha256: str | None = None, media_type: str = GPKG
) -> Download:
    async def coming() -> AsyncIterator[bytes]:
        for piece in pieces or PIECES:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    return Download(media_type, size, sha256, coming())


@pytest.fixture
def folder(tmp_path: Path) -> ResultFolder:
    (tmp_path / "results").mkdir()
    return ResultFolder((tmp_path / "results").resolve())


def files(folder: ResultFolder) -> list[str]:
    return sorted(entry.name for entry in folder.path.iterdir())


async def test_a_value_becomes_a_file_with_its_size_and_checksum(folder: ResultFolder) -> None:
    saved = await folder.save(download(size=len(WHOLE), sha256=DIGEST), "rivers", nobody)
    assert saved == SavedFile(folder.path / "rivers.gpkg", len(WHOLE), DIGEST)
    assert saved.path.read_bytes() == WHOLE
    assert files(folder) == ["rivers.gpkg"]


async def test_how_much_is_written_is_told(folder: ResultFolder) -> None:
    heard: list[tuple[int, int | None]] = []

    async def told(written: int, size: int | None) -> None:
        heard.append((written, size))

    await folder.save(download(size=len(WHOLE)), "a", told)
    assert heard == [(7, 16), (7, 16), (16, 16)]


@pytest.mark.parametrize("name", ["../a", "/etc/a", "a/b", "..", ".ssh", "NUL.gpkg", "a\\b"])
async def test_a_name_that_leads_elsewhere_is_refused_before_anything_is_written(
    folder: ResultFolder, name: str
) -> None:
    with pytest.raises(InvalidArgumentsError) as refused:
        await folder.save(download(), name, nobody)
    assert refused.value.problems[0].path == "$.name"
    assert files(folder) == []
    assert files(ResultFolder(folder.path.parent)) == ["results"]


async def test_a_file_that_is_there_is_left_as_it_is_and_a_free_name_told(folder: ResultFolder) -> None:
    for name in ("a.gpkg", "a-2.gpkg"):
        (folder.path / name).write_bytes(b"mine")
    with pytest.raises(InvalidArgumentsError, match=r"a file 'a\.gpkg' already") as refused:
        await folder.save(download(), "a", nobody)
    assert refused.value.problems[0].suggestion == "'a-3.gpkg' is free"
    assert (folder.path / "a.gpkg").read_bytes() == b"mine"
    assert files(folder) == ["a-2.gpkg", "a.gpkg"]


async def test_a_file_that_came_meanwhile_is_left_as_it_is(folder: ResultFolder) -> None:
    async def told(_written: int, _size: int | None) -> None:
        (folder.path / "a.gpkg").write_bytes(b"mine")

    with pytest.raises(InvalidArgumentsError, match="already"):
        await folder.save(download(), "a", told)
    assert (folder.path / "a.gpkg").read_bytes() == b"mine"
    assert files(folder) == ["a.gpkg"]


@pytest.mark.parametrize("target", ["outside.gpkg", "results/none"])
async def test_a_link_of_that_name_is_not_followed(folder: ResultFolder, target: str) -> None:
    outside = folder.path.parent / target
    (folder.path / "a.gpkg").symlink_to(outside)
    with pytest.raises(InvalidArgumentsError, match="already"):
        await folder.save(download(), "a", nobody)
    assert not outside.exists()


async def test_a_folder_that_became_a_link_is_not_written_to(folder: ResultFolder, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    folder.path.rmdir()
    elsewhere.mkdir()
    folder.path.symlink_to(elsewhere)
    with pytest.raises(ConfigurationError, match="no folder any more"):
        await folder.save(download(), "a", nobody)
    assert files(ResultFolder(elsewhere)) == []


@pytest.mark.parametrize(
    "broken",
    [
        download(size=len(WHOLE) + 1),
        download(size=len(WHOLE), sha256="0" * 64),
        download(b"SQL", InvalidServerReplyError("broke off")),
    ],
    ids=["too short", "another checksum", "broken off"],
)
async def test_what_is_not_what_was_announced_leaves_no_file(folder: ResultFolder, broken: Download) -> None:
    with pytest.raises(InvalidServerReplyError):
        await folder.save(broken, "a", nobody)
    assert files(folder) == []


async def test_a_cancelled_save_leaves_no_file(folder: ResultFolder) -> None:
    with anyio.CancelScope() as scope:

        async def told(_written: int, _size: int | None) -> None:
            scope.cancel()

        await folder.save(download(), "a", told)
    assert scope.cancelled_caught
    assert files(folder) == []


async def test_the_suffix_of_another_kind_is_refused_with_a_way(folder: ResultFolder) -> None:
    with pytest.raises(InvalidArgumentsError, match=r"whose files end in \.gpkg"):
        await folder.save(download(), "rivers.tif", nobody)


async def test_a_full_disk_is_told_and_leaves_no_file(folder: ResultFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    sync_with(monkeypatch, folder.path, full)
    with pytest.raises(BridgeError, match="No space left"):
        await folder.save(download(), "a", nobody)
    assert files(folder) == []


async def test_file_systems_without_hard_links_will_do(folder: ResultFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def without(_one: Path, _other: Path) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", without)
    await folder.save(download(), "a", nobody)
    with pytest.raises(InvalidArgumentsError, match="already"):
        await folder.save(download(), "a", nobody)
    assert files(folder) == ["a.gpkg"]
    assert (folder.path / "a.gpkg").read_bytes() == WHOLE
