"""Sees every answer of every backend that runs in the process of the tests, in whichever thread it is given."""

from collections import deque
from collections.abc import Callable
from urllib.parse import quote

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.standard.answers import Answer, AnswerCheck


class Witness:
    """Keeps answers until a test asks what is wrong with them: judging them at once would slow the server down."""

    def __init__(self, check: AnswerCheck) -> None:
        self.check = check
        self._answers: deque[Answer] = deque()

    def saw(self, answer: Answer) -> None:
        """Called in the server's thread."""
        self._answers.append(answer)

    def faults(self) -> list[str]:
        """What is wrong with the answers since the last call."""
        found: list[str] = []
        while self._answers:
            found += self.check.faults(self._answers.popleft())
        return found


def witnessing[**P](make: Callable[P, list[Middleware]], witness: Witness) -> Callable[P, list[Middleware]]:
    """The layers that `make` gives, with the witness around them."""

    def layers(*args: P.args, **kwargs: P.kwargs) -> list[Middleware]:
        return [Middleware(Witnessed, witness), *make(*args, **kwargs)]

    return layers


class Witnessed:
    """Passes everything on as it is, and shows whole answers to the witness."""

    def __init__(self, app: ASGIApp, witness: Witness) -> None:
        self._app = app
        self._witness = witness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] == "HEAD":
            await self._app(scope, receive, send)
            return
        start: Message = {}
        body = bytearray()

        async def shown(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    self._witness.saw(_answer(scope, start, bytes(body)))
            await send(message)

        await self._app(scope, receive, shown)


def _answer(scope: Scope, start: Message, body: bytes) -> Answer:
    # As it stands in the URL: an id may hold a slash, encoded.
    path = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1").partition("?")[0]
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]}
    return Answer(scope["method"], path.removeprefix(scope.get("root_path", "")), start["status"], headers, body)
