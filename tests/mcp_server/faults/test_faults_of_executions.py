"""Whatever is wrong with the answers about an execution: bounded, told so that a model can act on it, sent once."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from mcp_server.session import Answer, call
from tests.mcp_server.faults.misbehaving import Fault, Misbehaving, answer
from tests.mcp_server.faults.session_of import BOUND_SECONDS, GOOD, IMPATIENT, bridge_to, every_tool, tool, unhelpful
from tests.mcp_server.faults.wire_faults import HEAVY, LASTING, ODD, PASSING

pytestmark = pytest.mark.anyio

BUSY = answer({"title": "Too busy"}, "503 Service Unavailable", retry_after="0")


async def answers_of(client: Client, calls: Mapping[str, tuple[str, Mapping[str, Any]]]) -> dict[str, Answer]:
    """What calls answer that are made at the same time."""
    answers: dict[str, Answer] = {}

    async def make(name: str, called: str, arguments: Mapping[str, Any]) -> None:
        answers[name] = await call(client, called, arguments)

    with anyio.fail_after(BOUND_SECONDS):
        async with anyio.create_task_group() as group:
            for name, (called, arguments) in calls.items():
                group.start_soon(make, name, called, arguments)
    return answers


def sites_with(endpoint: str, faults: Mapping[str, Fault | tuple[Fault, ...]]) -> Misbehaving:
    sites = Misbehaving()
    for name, fault in faults.items():
        sites.site(name, **{endpoint: fault})
    sites.site(GOOD)
    return sites


async def worked(sites: Misbehaving, home: Path) -> dict[str, Answer]:
    """What the process of every site answers. Each site has got one execution, and been asked as itself."""
    async with sites.running(), bridge_to(sites, home) as (client, bridge):
        listed = await every_tool(sites, client, bridge)
        assert {tool(name) for name in sites.sites} - listed == set()
        calls = {name: (tool(name), {"number": 1}) for name in sites.sites}
        answers = await answers_of(client, calls)
    for name, site in sites.sites.items():
        assert site.asked["execute"] == 1, f"{name}: {site.asked['execute']} executions were sent"
        assert site.hosts == {f"127.0.0.1:{sites.port}"}, f"{name}: another origin was asked"
    good = answers[GOOD].structured
    assert good is not None
    assert good["outputs"]["out"]["value"] == 42
    return answers


def wrong(answers: Mapping[str, Answer], told: str) -> dict[str, str]:
    """The faulty sites' answers that are no errors, or tell a model nothing that it can act on."""
    return {
        name: one.text
        for name, one in answers.items()
        if name != GOOD and (not one.failed or unhelpful(one.text) or not re.search(told, one.text, re.IGNORECASE))
    }


async def test_an_execution_whose_answer_never_comes_is_an_error_that_tells_what_to_do(home: Path) -> None:
    answers = await worked(sites_with("execute", LASTING | dict.fromkeys(PASSING, BUSY)), home)
    refused = {"busy-long", "busy-date", "busy-absurd", "busy-no-date", "broken", "refused", "html-broken", *PASSING}
    redirected = {"elsewhere", "circles", "redirect-bad", "redirect-port", "redirect-long"}
    assert wrong({name: answers[name] for name in refused}, r"busy|broke|refuses|HTML page") == {}
    assert wrong({name: answers[name] for name in redirected}, "redirects") == {}
    others = {name: one for name, one in answers.items() if name not in refused | redirected}
    assert wrong(others, "list_jobs") == {}


@pytest.mark.parametrize(
    ("endpoint", "told"), [("execute", "list_jobs"), ("status", "/jobs/j1"), ("results", "/jobs/j1")]
)
async def test_more_than_memory_holds_is_an_error_soon(home: Path, endpoint: str, told: str) -> None:
    answers = await worked(sites_with(endpoint, HEAVY), home)
    assert wrong(answers, told) == {}


async def test_a_job_whose_status_cannot_be_read_is_named_in_the_error(home: Path) -> None:
    answers = await worked(sites_with("status", LASTING), home)
    assert wrong(answers, "ogc://[a-z0-9-]+/jobs/j1") == {}


async def test_a_job_whose_results_cannot_be_read_is_named_in_the_error(home: Path) -> None:
    # Results that are refused are asked for again, and again.
    faults = {name: fault for name, fault in LASTING.items() if name not in IMPATIENT or name in ("silent", "slow")}
    answers = await worked(sites_with("results", faults), home)
    assert wrong(answers, "ogc://[a-z0-9-]+/jobs/j1") == {}


@pytest.mark.parametrize("endpoint", ["status", "results"])
async def test_what_passes_is_not_told(home: Path, endpoint: str) -> None:
    answers = await worked(sites_with(endpoint, PASSING), home)
    assert {name for name, one in answers.items() if one.failed} == set()


@pytest.mark.parametrize("endpoint", ["execute", "status", "results"])
async def test_odd_documents_break_nothing(home: Path, endpoint: str) -> None:
    answers = await worked(sites_with(endpoint, ODD), home)
    assert {name: one.text for name, one in answers.items() if one.failed and unhelpful(one.text)} == {}
