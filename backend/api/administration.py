"""What an operator does with the jobs of a store, beside the servers that share it: none of their jobs is run here."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial

import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from backend.api.asgi import refuse
from backend.api.jobs import dismiss_job, get_job, get_log, list_jobs
from backend.api.middleware import api_middleware
from backend.api.offerings import Offerings
from backend.api.routes import resource
from backend.api.service import Service
from backend.html.renderer import HtmlRenderer
from backend.jobs.retention import Retention
from backend.jobs.service import JobService, open_store
from backend.settings import Settings


def create_jobs_app(settings: Settings) -> Starlette:
    """The resources of jobs alone, on the store of these settings, without processes: it begins no job.

    Like any server it settles the jobs of servers that have died, and ends what it is asked to dismiss.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        open_service = partial(JobService.open, settings, {}, base_url=settings.base_url, warm=False)
        jobs = await anyio.to_thread.run_sync(open_service)
        app.state.service = Service(settings, Offerings((), {}), jobs.store, jobs.engine)
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(jobs.close)

    app = Starlette(
        routes=[
            resource("/jobs", GET=list_jobs),
            resource("/jobs/{job}", GET=get_job, DELETE=dismiss_job),
            resource("/jobs/{job}/log", GET=get_log),
        ],
        middleware=api_middleware(settings),
        exception_handlers={HTTPException: refuse},
        lifespan=lifespan,
    )
    app.state.html = HtmlRenderer("Jobs", settings.base_url)
    return app


def remove_ended_jobs(settings: Settings, *, older_than: float | None, dry_run: bool) -> int:
    """Remove the ended jobs that need no longer be kept, or count them for a dry run. Blocks.

    older_than: seconds since their end; those that the settings would keep are removed too, and no others.

    Returns how many were removed, or would be.

    Raises:
        BackendError: a newer release wrote the store, or its database cannot be used.
    """
    store = open_store(settings, Retention.of(settings) if older_than is None else Retention(older_than, None, None))
    try:
        if dry_run:
            return store.sweeper.due()
        removed = 0
        while some := store.sweeper.sweep():
            removed += some
        return removed
    finally:
        store.close()
