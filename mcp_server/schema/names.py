"""Names that every client accepts, each leading back to exactly one id."""

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from mcp_server.settings import EMBEDDED

TOOL_NAME_LENGTH = 40
ARGUMENT_NAME_LENGTH = 64
_HASH_LENGTHS = (6, 12, 24, 32)


def tool_names(
    ids: Sequence[tuple[str, str]], *, prefixed: bool, reserved: frozenset[str]
) -> dict[tuple[str, str], str]:
    """Name each (server, process id): `^[a-z][a-z0-9_]{0,39}$`, unique, the same in every order of the ids.

    An id that is a good name already keeps it. Others are cleaned; where that loses too much (truncation, two ids that
    clean to one name, a reserved name) a hash of the id is added. The embedded server's processes are named first:
    their names are the same whatever other servers there are, and no process of these can take one.
    """

    def wish(key: tuple[str, str]) -> str:
        return _tool_word("_".join(key) if prefixed else key[1])

    def exact(key: tuple[str, str]) -> bool:
        return _tool_word(key[1]) == key[1]

    own = dict.fromkeys(key for key in ids if key[0] == EMBEDDED)
    others = dict.fromkeys(key for key in ids if key[0] != EMBEDDED)
    first = _unique(own, wish, exact, limit=TOOL_NAME_LENGTH, reserved=reserved)
    return first | _unique(others, wish, exact, limit=TOOL_NAME_LENGTH, reserved=reserved.union(first.values()))


def argument_names(ids: Iterable[str]) -> dict[str, str]:
    """Name each input id as a property: `^[A-Za-z0-9_-]{1,64}$`, unique, the same in every order of the ids."""

    def wish(key: str) -> str:
        return re.sub(r"[^A-Za-z0-9_-]+", "_", _ascii(key)) or "input"

    return _unique(
        dict.fromkeys(ids), wish, lambda key: wish(key) == key, limit=ARGUMENT_NAME_LENGTH, reserved=frozenset()
    )


def _unique[K: Hashable](
    keys: Mapping[K, None],
    wish: Callable[[K], str],
    exact: Callable[[K], bool],
    *,
    limit: int,
    reserved: frozenset[str],
) -> dict[K, str]:
    """Lengthen the hash of whoever shares a name until nobody does. All move at once, so that no order can matter."""
    wishes = {key: wish(key) for key in keys}
    level = {key: int(len(wishes[key]) > limit) for key in keys}
    while True:
        names = {key: _hashed(wishes[key], key, level[key], limit) for key in keys}
        moving = _crowded(names, reserved, frozenset(key for key in keys if level[key] == 0 and exact(key)))
        if not moving:
            return names
        for key in moving:
            level[key] += 1


def _crowded[K: Hashable](names: Mapping[K, str], reserved: frozenset[str], exact: frozenset[K]) -> list[K]:
    sharing: defaultdict[str, list[K]] = defaultdict(list)
    for key, name in names.items():
        sharing[name].append(key)
    moving: list[K] = []
    for name, keys in sharing.items():
        owners = [key for key in keys if key in exact]
        if name in reserved:
            moving += keys
        elif len(keys) > 1:
            moving += [key for key in keys if len(owners) != 1 or key != owners[0]]
    return moving


def _hashed(wish: str, key: Hashable, level: int, limit: int) -> str:
    if level == 0:
        return wish
    length = _HASH_LENGTHS[level - 1]
    digest = hashlib.sha256(repr(key).encode("utf-8", "backslashreplace")).hexdigest()[:length]
    return f"{wish[: limit - length - 1].rstrip('_')}_{digest}"


def _tool_word(text: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", _ascii(text))
    word = re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")
    return word if word[:1].isalpha() else f"process_{word}".rstrip("_")


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
