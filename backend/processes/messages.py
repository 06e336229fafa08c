"""What clients are told of an error that nobody wrote for them: never where things stand on this machine. Pure."""

import re

_SEGMENTS = r"""(?:[^\s/\\'"<>|:;,()\[\]{}]*+[/\\]++)"""
_QUOTED = re.compile(r"""(?P<quote>['"])(?:[A-Za-z]:|file:)?[/\\](?:(?!(?P=quote)).)*+(?P=quote)""", re.DOTALL)
_BARE = re.compile(rf"""(?<![\w.~:/\\<…-])(?:[A-Za-z]:|file:)?[/\\]{_SEGMENTS}*+[^\s/\\'"<>|:;,()\[\]{{}}]+""")


def described_error(error: BaseException) -> str:
    """The error's type and its message, with the last name alone of every absolute path."""
    return f"{type(error).__name__}: {without_folders(str(error))}"


def without_folders(text: str) -> str:
    """`text` with `…/name` for each absolute path; URLs stay as they are. A quoted path may hold blanks."""
    return _BARE.sub(_shortened, _QUOTED.sub(_shortened, text))


def _shortened(path: re.Match[str]) -> str:
    quote = path.groupdict().get("quote") or ""
    name = re.split(r"[/\\]+", path[0].strip(quote) if quote else path[0])[-1]
    return f"{quote}…/{name}{quote}" if name else path[0]
