"""The encodings JSON and HTML (18-062r2, conformance classes json and html)."""

from contextlib import suppress
from html.parser import HTMLParser
from typing import Any, Final

from mcp_server.ogc.addresses import segment
from mcp_server.validate.executions import asynchronous, working
from mcp_server.validate.links import links_of
from mcp_server.validate.recorder import Answer
from mcp_server.validate.records import ConformanceClass, InapplicableError, ViolationError
from mcp_server.validate.session import Session
from mcp_server.validate.started_jobs import Job, results_of

_HTML: Final = "text/html"


async def json_definition(session: Session) -> None:
    """Every resource of the standard comes as application/json, executions too."""
    answers = [await session.landing_page(), await session.conformance(), await session.process_list()]
    answers += [*(await session.descriptions()).values()][:1]
    if await session.declares(ConformanceClass.JOB_LIST):
        answers.append(await session.job_list())
    job = await _job(session)
    if job is not None:
        answers += [await session.recorder.get(job.path), await results_of(session, job)]
    for answer in answers:
        answer.expect(200, asks="200 is asked for, as json is declared")
        _check_json(answer)
    # What is wrong with executions is told by their own tests.
    executed = await _execution(session)
    if executed is not None:
        _check_json(executed)


def _check_json(answer: Answer) -> None:
    if answer.media_type != "application/json":
        raise answer.violation(f"has the media type {answer.media_type!r}; application/json is asked for")
    answer.json()


async def _execution(session: Session) -> Answer | None:
    """The answer to an execution that succeeded; None where there is none."""
    with suppress(ViolationError, InapplicableError):
        return (await working(session)).answer
    return None


async def _job(session: Session) -> Job | None:
    """A job that has ended; None where there is none."""
    with suppress(ViolationError, InapplicableError):
        done = await working(session)
        return done.job if done.job is not None else await asynchronous(session)
    return None


async def html_definition(session: Session) -> None:
    """Every resource comes as text/html to those who ask for it."""
    for answer in await _pages(session):
        answer.expect(200, asks="200 is asked for, as html is declared")
        if answer.media_type != _HTML:
            raise answer.violation(f"with `Accept: text/html` has the media type {answer.media_type!r}")


async def html_content(session: Session) -> None:
    """The page of the processes shows what its JSON tells, with its links as links."""
    page = next((answer for answer in await _pages(session) if answer.evidence.url.endswith("/processes")), None)
    if page is None or page.media_type != _HTML:
        raise InapplicableError("there is no HTML page of the processes")
    read = _Page()
    read.feed(page.reply.body.decode("utf-8", "replace"))
    if not read.bodies:
        raise page.violation("has no <body>")
    document: Any = (await session.process_list()).json()
    for process in document.get("processes", []):
        shown = [str(process.get(name)) for name in ("title", "id") if process.get(name)]
        if not any(" ".join(text.split()) in read.text for text in shown):
            raise page.violation(f"does not show the process {shown[-1]!r} that the JSON form lists")
    if links_of(document) and not read.links:
        raise page.violation("has no <a href>; the JSON form has links")


async def _pages(session: Session) -> list[Answer]:
    async def ask() -> list[Answer]:
        paths = ["/", "/conformance", "/processes"]
        paths += [f"/processes/{segment(process_id)}" for process_id in [*await session.descriptions()][:1]]
        paths += ["/jobs"] if await session.declares(ConformanceClass.JOB_LIST) else []
        job = await _job(session)
        paths += [job.path] if job is not None else []
        return [await session.recorder.get(path, accept=_HTML) for path in paths]

    return await session.once("HTML pages", ask)


class _Page(HTMLParser):
    """The visible text of a page, and its links."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.bodies = 0
        self.links = 0
        self._words: list[str] = []
        self._hidden = 0

    @property
    def text(self) -> str:
        """In one line."""
        return " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.bodies += tag == "body"
        self.links += tag == "a" and any(name == "href" for name, _ in attrs)
        self._hidden += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style") and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._words.append(data)
