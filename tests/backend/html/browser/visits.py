"""What the tests of the pages share: a visit of a browser, and the site it visits."""

from dataclasses import dataclass, field
from typing import Any

import httpx
from playwright.async_api import Page, Request

_NETWORK = "Failed to load resource: "


@dataclass
class Visit:
    """A page, and all that went over the network and to the console since it was opened."""

    page: Page
    url: str
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """What the console says, and exceptions of scripts."""
    forgiven: list[str] = field(default_factory=list)

    async def open(self, path: str) -> None:
        await self.page.goto(self.url + path)

    async def module(self, name: str) -> str:
        """URL of one of the pages' scripts, for a test of its functions."""
        await self.open("/jobs")
        script = await self.page.locator("script").get_attribute("src")
        assert script is not None
        return script.replace("jobs.js", name)

    def sent(self, method: str, part: str) -> list[Request]:
        """Requests whose URL has this part."""
        return [request for request in self.requests if request.method == method and part in request.url]

    def forgive(self, failure: str) -> None:
        """Take what the browser notes of a request that failed like this, now or later, for no complaint."""
        self.forgiven.append(failure)

    def unforgiven(self) -> list[str]:
        """Complaints that nothing excuses."""
        return [
            text
            for text in self.complaints
            if not (text.startswith(_NETWORK) and any(failure in text for failure in self.forgiven))
        ]


@dataclass(frozen=True)
class Site:
    """The backend behind a root path, as its clients reach it."""

    url: str

    def status(self, job: str) -> str:
        """Status of the job at this path."""
        return httpx.get(self.url + job).json()["status"]

    def dismiss(self, job: str) -> None:
        """End the job at this path."""
        assert httpx.delete(self.url + job).status_code == 200

    def execute(self, process: str, inputs: dict[str, Any]) -> str:
        """Path of a job that has been started."""
        response = httpx.post(
            f"{self.url}/processes/{process}/execution",
            json={"inputs": inputs},
            headers={"Prefer": "respond-async"},
            timeout=30,
        )
        assert response.status_code == 201, response.text
        return "/jobs/" + response.json()["jobID"]
