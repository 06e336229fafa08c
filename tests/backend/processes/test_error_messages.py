"""What is told of errors: everything but the folders of this machine."""

import time

import pytest

from backend.processes.messages import described_error, without_folders


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cannot open /data/My/x.tif: bad", "cannot open …/x.tif: bad"),
        ("'/home/my user/a b.txt' is no file", "'…/a b.txt' is no file"),
        (r"C:\Users\me\x.txt is broken", "…/x.txt is broken"),
        (r"'C:\\Users\\me\\a b.txt' is broken", "'…/a b.txt' is broken"),
        (r"\\server\share\x.txt", "…/x.txt"),
        ("file:///etc/x", "…/x"),
        ("(/a/b, /c/d)", "(…/b, …/d)"),
        ("see https://e.example/a/b", "see https://e.example/a/b"),
        ("m/s, 1/2, either/or, ./x, </tag> and '/'", "m/s, 1/2, either/or, ./x, </tag> and '/'"),
        ("KeyError: 'bucket'", "KeyError: 'bucket'"),
    ],
)
def test_of_an_absolute_path_the_name_alone_is_told(text: str, told: str) -> None:
    assert without_folders(text) == told


def test_an_error_is_told_with_its_type() -> None:
    error = FileNotFoundError(2, "No such file", "/etc/secret/key")
    assert described_error(error) == "FileNotFoundError: [Errno 2] No such file: '…/key'"


@pytest.mark.parametrize("text", ["/" * 60_000, "'/" * 30_000, "/a" * 30_000, " /" * 30_000, "\"'/" * 20_000])
def test_long_messages_are_read_at_once(text: str) -> None:
    began = time.thread_time()
    without_folders(text)
    assert time.thread_time() - began < 10
