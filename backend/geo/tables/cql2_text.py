"""CQL2 text (OGC 21-065r2, annex B), read as CQL2 JSON: one form for all that evaluates it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from backend.errors import refuse
from backend.geo.tables.cql2_notation import of_beginning, of_date, of_unreadable, of_word

type Node = Any
"""CQL2 JSON: an object with `op` and `args`, a property, a literal. A geometry in WKT is `{"wkt": text}`."""

MAX_LENGTH = 200_000
"""Characters; a detailed polygon in WKT takes most of them."""
MAX_DEPTH = 30
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])
    |(?P<text>'(?:''|\\'|[^'])*')
    |(?P<quoted>"(?:""|[^"])+")
    |(?P<word>[^\W\d][\w.:]*)
    |(?P<sign><>|!=|<=|>=|==|[=<>+\-*/%^(),])
    |(?P<end>\Z))""",
    re.VERBOSE,
)
_GEOMETRY = re.compile(
    r"(?:POINT|LINESTRING|POLYGON|MULTIPOINT|MULTILINESTRING|MULTIPOLYGON|GEOMETRYCOLLECTION)"
    r"\s*(?:(?:Z|M|ZM)\s*)?(?=\()",
    re.IGNORECASE,
)
_PARENTHESIS = re.compile(r"[()]")
_RESERVED = frozenset(("AND", "OR", "NOT", "BETWEEN", "LIKE", "ILIKE", "IN", "IS", "NULL", "TRUE", "FALSE", "DIV"))
_ARRAY_PREDICATE = "a_"
"""How the name of each begins, misspelt or not."""
_KINDS_OF_MILES = frozenset(("statute", "nautical"))
"""Units of distances in CQL before OGC 21-065, with `miles` after them."""
_COMPARISONS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int

    @property
    def keyword(self) -> str:
        """The word in capitals where it is a reserved one, else the sign."""
        upper = self.text.upper()
        return upper if self.kind == "sign" or (self.kind == "word" and upper in _RESERVED) else ""


def parse_cql2_text(text: str) -> Node:
    """Read a filter expression; NOT binds before AND, AND before OR.

    Beyond the standard, `!=` stands for `<>`, and ILIKE for LIKE whatever the case.

    Raises:
        ProcessRefusedError: it is no CQL2; tells where.
    """
    if len(text) > MAX_LENGTH:
        refuse(f"the filter has {len(text)} characters; up to {MAX_LENGTH} are read")
    parser = _Parser(text)
    node = parser.disjunction()
    parser.finish()
    return node


class _Parser:
    """Recursive descent: one method for each level of binding."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._depth = 0
        self._next = self._read(0)

    def disjunction(self) -> Node:
        return self._joined("OR", self._conjunction)

    def finish(self) -> None:
        if self._next.kind == "end":
            return
        meant = of_word(self._next.text) or of_beginning(self._text)
        if meant:
            refuse(f"the filter is no CQL2 at character {self._next.start + 1}: {meant}")
        self._fail("AND, OR or the end of the filter")

    def _conjunction(self) -> Node:
        return self._joined("AND", self._negation)

    def _joined(self, keyword: str, part: Callable[[], Node]) -> Node:
        parts = [part()]
        while self._takes(keyword):
            parts.append(part())
        return parts[0] if len(parts) == 1 else {"op": keyword.lower(), "args": parts}

    def _negation(self) -> Node:
        if self._takes("NOT"):
            return self._deeper(lambda: {"op": "not", "args": [self._negation()]})
        return self._predicate()

    def _predicate(self) -> Node:
        left = self._sum()
        keyword = self._next.keyword
        if keyword == "==":
            self._fail("a single =")
        if keyword in _COMPARISONS:
            self._advance()
            return {"op": _COMPARISONS[keyword], "args": [left, self._sum()]}
        if self._takes("IS"):
            negative = self._takes("NOT")
            if not self._takes("NULL"):
                self._fail("NULL (= and <> compare with other values)")
            return _negated({"op": "isNull", "args": [left]}, negative)
        negative = self._takes("NOT")
        node = self._ranged(left)
        if node is None:
            if negative:
                self._fail("BETWEEN, IN or LIKE")
            return left
        return _negated(node, negative)

    def _ranged(self, left: Node) -> Node | None:
        if self._takes("BETWEEN"):
            low = self._sum()
            self._expect("AND")
            return {"op": "between", "args": [left, low, self._sum()]}
        if self._takes("IN"):
            self._expect("(")
            return {"op": "in", "args": [left, self._arguments()]}
        if self._takes("LIKE"):
            return {"op": "like", "args": [left, self._sum()]}
        if self._takes("ILIKE"):
            return {"op": "like", "args": [{"op": "casei", "args": [side]} for side in (left, self._sum())]}
        return None

    def _sum(self) -> Node:
        return self._chain(("+", "-"), self._product)

    def _product(self) -> Node:
        return self._chain(("*", "/", "%", "DIV"), self._power)

    def _power(self) -> Node:
        base = self._signed()
        return {"op": "^", "args": [base, self._deeper(self._power)]} if self._takes("^") else base

    def _chain(self, signs: tuple[str, ...], part: Callable[[], Node]) -> Node:
        node = part()
        while self._next.keyword in signs:
            sign = self._advance().keyword.lower()
            node = {"op": sign, "args": [node, part()]}
        return node

    def _signed(self) -> Node:
        if not self._takes("-"):
            return self._atom()
        value = self._deeper(self._signed)
        return -value if isinstance(value, int | float) else {"op": "*", "args": [-1, value]}

    def _atom(self) -> Node:
        token = self._next
        if self._takes("("):
            node = self._deeper(self.disjunction)
            self._expect(")")
            return node
        if token.kind == "word" and not token.keyword:
            return self._word()
        if token.keyword in ("TRUE", "FALSE", "NULL"):
            self._advance()
            return {"TRUE": True, "FALSE": False}.get(token.keyword)
        if token.kind not in ("number", "text", "quoted"):
            self._fail("a field, a value or (")
        self._advance()
        if token.kind == "number":
            return _number(token.text)
        if token.kind == "quoted":
            return {"property": token.text[1:-1].replace('""', '"')}
        return token.text[1:-1].replace("''", "'").replace("\\'", "'")

    def _word(self) -> Node:
        token = self._next
        geometry = _GEOMETRY.match(self._text, token.start)
        if geometry:
            return {"wkt": self._wkt(token.start, geometry.end())}
        self._advance()
        name = token.text.lower()
        if name in ("date", "timestamp") and self._next.kind == "text":  # as SQL writes them
            return {name: self._atom()}
        if name in _KINDS_OF_MILES and self._next.text.lower() == "miles":
            return {"property": f"{name} {self._advance().text.lower()}"}
        if not self._takes("("):
            return {"property": token.text}
        read = self._array_arguments if name.startswith(_ARRAY_PREDICATE) else self._arguments
        return self._called(name, self._deeper(read))

    def _called(self, name: str, arguments: list[Node]) -> Node:
        """What a name in lower case means before arguments in parentheses."""
        if name == "bbox" and len(arguments) == 5:  # the predicate of CQL before OGC 21-065
            return {"op": "s_intersects", "args": [arguments[0], {"bbox": arguments[1:]}]}
        if name == "bbox" and len(arguments) in (6, 8) and isinstance(arguments[-1], str):
            refuse("the CRS of coordinates is told by filter_crs, not by BBOX")
        if name in ("date", "timestamp"):
            if len(arguments) != 1:
                self._fail(f"one text in {name.upper()}()")
            return {name: arguments[0]}
        if name in ("interval", "bbox"):
            return {name: arguments}
        return {"op": name, "args": arguments}

    def _wkt(self, start: int, opening: int) -> str:
        """The text of a geometry up to the parenthesis that closes it."""
        open_ones = 0
        end = None
        for match in _PARENTHESIS.finditer(self._text, opening):
            open_ones += 1 if match.group() == "(" else -1
            if open_ones == 0:
                end = match.end()
                break
        if end is None:
            self._fail("a closing parenthesis of the geometry")
        self._next = self._read(end)
        return self._text[start:end]

    def _arguments(self) -> list[Node]:
        return self._listed(lambda: self._deeper(self.disjunction))

    def _array_arguments(self) -> list[Node]:
        """Those of an array predicate: what stands in parentheses there is an array."""
        return self._listed(self._array)

    def _array(self) -> Node:
        return self._deeper(self._array_arguments) if self._takes("(") else self._sum()

    def _listed(self, one: Callable[[], Node]) -> list[Node]:
        """What stands in parentheses, the opening one already read."""
        if self._takes(")"):
            return []
        found = [one()]
        while self._takes(","):
            found.append(one())
        self._expect(")")
        return found

    def _deeper[T](self, read: Callable[[], T]) -> T:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            refuse(f"the filter is nested more than {MAX_DEPTH} levels deep")
        node = read()
        self._depth -= 1
        return node

    def _takes(self, keyword: str) -> bool:
        if self._next.keyword != keyword:
            return False
        self._advance()
        return True

    def _expect(self, keyword: str) -> None:
        if not self._takes(keyword):
            self._fail(keyword)

    def _advance(self) -> _Token:
        token = self._next
        self._next = self._read(token.start + len(token.text))
        return token

    def _read(self, position: int) -> _Token:
        match = _TOKEN.match(self._text, position)
        if match is None or match.lastgroup is None:
            rest = self._text[position:].lstrip()
            hint = of_unreadable(rest)
            refuse(f"the filter cannot be read at {rest[:30]!r}{f': {hint}' if hint else ''}")
        start = match.start(match.lastgroup)
        if match.lastgroup == "number" and (meant := of_date(self._text[start : start + 10])):
            refuse(f"the filter cannot be read at character {start + 1}: {meant}")
        return _Token(match.lastgroup, match[match.lastgroup], start)

    def _fail(self, wanted: str) -> NoReturn:
        found = self._next
        there = "the filter ends" if found.kind == "end" else f"there is {found.text[:30]!r}"
        refuse(f"the filter is no CQL2: {wanted} is needed at character {found.start + 1}, where {there}")


def _negated(node: Node, negative: bool) -> Node:
    return {"op": "not", "args": [node]} if negative else node


def _number(text: str) -> int | float:
    try:
        return int(text) if text.isdigit() else float(text)
    except ValueError:  # more digits than Python reads
        refuse(f"the number {text[:20]}… has too many digits")
