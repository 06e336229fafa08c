"""What is told as a full disk, and what is not."""

import errno
import sqlite3

import pytest

from backend.errors import StoreFullError
from backend.jobs.room import told_when_full


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_with_what_there_was_no_room_for(code: int) -> None:
    with pytest.raises(StoreFullError, match="no room on the disk for the results"), told_when_full("the results"):
        raise OSError(code, "full")


@pytest.mark.parametrize("error", [OSError(errno.EIO, "broken"), sqlite3.OperationalError("without a code")])
def test_any_other_error_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, told_when_full("the results"):
        raise error
    assert caught.value is error
