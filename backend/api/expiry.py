"""How long a job and its results will be there, as headers. Pure."""

from email.utils import format_datetime

from backend.jobs.records import Job


def sunset(job: Job) -> dict[str, str]:
    """`Sunset` (RFC 8594): when the job is removed at the latest; nothing where that is not known."""
    return {} if job.expires is None else {"Sunset": format_datetime(job.expires, usegmt=True)}
