"""Jobs as text: a table for people, documents with the standard's names for programs. Nothing here asks or decides."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mcp_server.ogc.models import StatusInfo

_STYLES = {"successful": "green", "failed": "red", "running": "cyan", "dismissed": "dim"}


def job_document(job: StatusInfo) -> dict[str, Any]:
    """A job by the names of the standard's `statusInfo`; what its server did not tell is left out."""
    members = {
        "jobID": job.job_id,
        "processID": job.process_id,
        "status": job.status,
        "progress": job.progress,
        "message": job.message,
        "created": job.created,
        "started": job.started,
        "finished": job.finished,
        "updated": job.updated,
        "expires": job.expires,
    }
    return {name: value for name, value in members.items() if value is not None}


def print_jobs(console: Console, jobs: Iterable[StatusInfo]) -> None:
    """One row per job. Ids and times are whole, however narrow the terminal is: they are there to be copied."""
    rows = [_row(job) for job in jobs]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(("job", "process", "status", "progress", "created")):
        width = max([len(name), *(len(row[number]) for row in rows)])
        table.add_column(name, no_wrap=True, min_width=width, justify="right" if name == "progress" else "left")
    table.add_column("message", min_width=20)
    for row in rows:
        table.add_row(*row)
    console.print(table, crop=False)


def _row(job: StatusInfo) -> tuple[Text, ...]:
    return (
        Text(job.job_id),
        Text(job.process_id or ""),
        Text(job.status, style=_STYLES.get(job.status, "")),
        Text("" if job.progress is None else f"{job.progress:g} %"),
        Text((job.created or job.started or "")[:19].replace("T", " ")),
        Text(job.message or ""),
    )


def print_job(console: Console, job: StatusInfo) -> None:
    """Each of the job's members on a line."""
    for name, value in job_document(job).items():
        console.print(Text.assemble((f"{name:<11}", "bold"), str(value)), soft_wrap=True)
