"""What an operator is told of a PostgreSQL that cannot be used: which setting is wrong, and why."""

from contextlib import closing
from pathlib import Path

import pytest
from databases import Place, Postgres

from backend.errors import BackendError


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("jobs", "is not the URL of a database"),
        ("postgresql://localhost:port/jobs", "is not the URL of a database"),
        ("mysql://127.0.0.1/jobs", "a job store cannot be kept in 'mysql'"),
        ("postgresql://localhost/jobs?sslmode=perhaps", 'invalid sslmode value: "perhaps"'),
        ("postgresql://localhost/jobs?no_option=1", 'invalid connection option "no_option"'),
        ("postgresql://u:secret@127.0.0.1:1/jobs", "the database cannot be used: connection failed"),
    ],
)
def test_a_url_that_leads_to_no_database_is_refused_with_the_name_of_its_setting(
    home: Path, url: str, reason: str
) -> None:
    pytest.importorskip("psycopg", reason="the driver psycopg is not installed")
    with pytest.raises(BackendError) as caught:
        Place(home, url).open()
    told = str(caught.value)
    assert told.startswith("OGC_PROCESSES_JOBS_URL")
    assert reason in told
    assert "\n" not in told
    assert "secret" not in told


def test_why_the_server_lets_nobody_in_is_told(postgres: Postgres, home: Path) -> None:
    url = postgres.new_database().replace("/postgres?", "/no_such_database?")
    with pytest.raises(BackendError, match=r'OGC_PROCESSES_JOBS_URL: .*"no_such_database" does not exist'):
        Place(home, url).open()


def test_a_server_with_another_folder_of_results_does_not_start(postgres: Postgres, home: Path, tmp_path: Path) -> None:
    url = postgres.new_database()
    with closing(Place(home, url).open()), closing(Place(home, url).open()):
        pass
    with pytest.raises(BackendError, match=r"OGC_PROCESSES_JOBS_FOLDER.* is not the one that the other servers"):
        Place(tmp_path / "elsewhere", url).open()
