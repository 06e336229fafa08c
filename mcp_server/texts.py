"""Texts of foreign servers made harmless for whoever reads them, model or person. Pure.

A text may hold what a person does not see (invisible characters, HTML comments, hidden elements), what makes a client
fetch something (images, links, URIs that are documents or programs), and what looks to a model like the turn of
somebody else (role tags, chat templates). None of it is left. Honest texts stay as they are: `a < b`, `<geometry>`,
the URL of a documentation, the letters of every script.
"""

import html
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

_INVISIBLE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
# Letters, marks and symbols that show nothing, known carriers of hidden text.
_BLANKS: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffc"
    "\U00016fe4\U0001d159\U000e0100-\U000e01ef]"
)
_ENTITY: Final = re.compile(r"&(?:lt|gt|amp|quot|apos|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
_SIGNS: Final = re.compile("[<＜﹤\\[&`#:]")
"""Every trick and all markup has one of these; most texts have none."""

_OPEN: Final = "[<＜﹤]"
_CLOSE: Final = "[>＞﹥]"
_NEW_LINE_SIGNS: Final = r"\n\r\v\f\x1c-\x1e\x85\u2028\u2029"
_LINKED: Final = r"\((?:[^()]|\([^()]*\))*\)"
_NEW_LINE: Final = rf"(?:[{_NEW_LINE_SIGNS}]|\\[nr])"
_SPEAKERS: Final = "human|assistant|system|user|developer"
_ROLES: Final = (
    "system(?:[-_ ]?(?:prompt|message|reminder))?|assistant|user|human|developer|admin|instructions?|important|secret"
    "|think(?:ing)?|tools?(?:[-_](?:calls?|results?|use|response|outputs?))?|invoke|parameter"
    "|functions?(?:[-_](?:calls?|results?|response))?|start_of_turn|end_of_turn|bos|eos|s"
)
_NOTHING: Final = r"\s*:\s*0(?![.\d]*[1-9])"
_CLOAKS: Final = (
    rf"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity{_NOTHING}|font-size{_NOTHING}"
    rf"|(?<![-\w])(?:max-)?(?:width|height){_NOTHING}|(?<![-\w])color\s*:\s*(?:white|transparent|#fff)|text-indent\s*:\s*-"
    r"|(?<=\s)hidden(?=[\s=>/])|aria-hidden\s*=\s*[\"']?true"
)
_ACTIVE: Final = "img|iframe|svg|object|embed|form|input|button|link|meta|base|video|audio|source|script|style|body"
_ATTRIBUTES: Final = "[^<>=]*=[^<>]*"
_FORMATTING: Final = (
    "a|abbr|b|big|blockquote|center|cite|code|dd|details|div|dl|dt|em|font|i|ins|kbd|li|mark|ol|pre|q|small|span"
    "|strike|strong|sub|summary|sup|tbody|thead|tt|u|ul"
)


@dataclass(frozen=True, slots=True)
class _Rule:
    needs: tuple[str, ...]
    """One of these is in every text, in lower case, that the rule changes."""
    pattern: re.Pattern[str]
    replacement: str

    def concerns(self, lower: str) -> bool:
        return any(need in lower for need in self.needs)


def _rule(needs: str, pattern: str, replacement: str) -> _Rule:
    return _Rule(tuple(needs.split()), re.compile(pattern, re.IGNORECASE | re.DOTALL), replacement)


# A comment or hidden element that does not end goes on to the end of the text: so a browser reads it.
_TRICKS: Final = (
    _rule("<!--", r"<!--.*?(?:-->|\Z)", " "),
    _rule("<", rf"<(\w+)\b(?=[^<>]*(?:{_CLOAKS}))[^<>]*+>.*?(?:</\1\s*>|\Z)", " "),
    _rule("<script <style", r"<(script|style)\b[^<>]*+>.{0,5000}?</\1\s*>", " "),
    _rule("<", rf"<(?:{_ACTIVE})[\s/]{_ATTRIBUTES}>", " "),
    _rule("<a", rf"<a[\s/]{_ATTRIBUTES}>", ""),
    _rule("![", rf"!\[([^\[\]]*)\](?:{_LINKED}|\[[^\[\]]*\])", r"\1"),
    _rule("](", rf"\[([^\[\]]*)\](?=\(\s*<?(?:[a-z][a-z0-9+.-]*:|//|/|\.\.?/|#|www\.)){_LINKED}", r"\1"),
    _rule("]:", r"\[[^\[\]]*\]:\s*<?(?:[a-z][a-z0-9+.-]*:|//)\S*", " "),
    _rule("<", r"<((?:https?|ftp|mailto|data|javascript|vbscript|file):[^<>\s]*)>", r"\1"),
    _rule("script:", r"\b(?:javascript|vbscript):(?=\S)\S*", "(a script)"),
    _rule("data:", r"\bdata:(?:[\w.+-]+/[\w.+-]+)?(?:;[\w=.+-]+)*,\S*", "(a data URI)"),
    _rule("| ｜", rf"{_OPEN}\s*[|｜]([^<>|｜]{{0,60}})[|｜]\s*{_CLOSE}", r"(\1)"),
    _rule("<<", r"<<\s*(/?\s*(?:SYS|SYSTEM|INST))\s*>>", r"(\1)"),
    _rule("< ＜ ﹤", rf"{_OPEN}\s*(/?\s*(?:\w+:)?(?:{_ROLES})(?=[\s/>＞﹥])[^<>＜＞﹤﹥]{{0,200}}){_CLOSE}", r"(\1)"),
    _rule("[", r"\[\s*(/?\s*(?:INST|SYS|SYSTEM(?:_PROMPT)?|TOOL_CALLS|TOOL_RESULTS|AVAILABLE_TOOLS))\s*\]", r"(\1)"),
    _rule("```", r"(?<!`)`{3,}+\s*(system|assistant|human|developer|tool)\b", r"\1"),
    _rule("##", rf"(?<!#)#{{2,}}+\s*({_SPEAKERS}|instructions?|response|input)\s*:", r"\1 -"),
    _rule(":", rf"({_NEW_LINE}\s*(?:\*\*)?(?:{_SPEAKERS}))(\*\*)?\s*:", r"\1\2 -"),
)
"""What no honest name, value or default has."""
_MARKUP: Final = (
    _rule("<", rf"</?(?:p|br|div|li|h[1-6]|hr|tr|td|th|table|ul|ol|dl|dt|dd)(?:\s{_ATTRIBUTES})?\s*/?>", " "),
    _rule("<", rf"</?(?:{_FORMATTING})(?:\s{_ATTRIBUTES})?\s*/?>", ""),
    _rule(":", rf"\A(\s*(?:{_SPEAKERS}))\s*:", r"\1 -"),
)
"""What is worth no token, or may be misread at the head of a text."""

_GAP: Final = re.compile(r"\s{2,}")
_NEW_LINE_SIGN: Final = re.compile(f"[{_NEW_LINE_SIGNS}]")
_MOST_PASSES: Final = 8
_MOST_CHARACTERS: Final = 20_000
"""More of one text is never told; longer ones are not searched."""


def visible(text: str) -> str:
    """The text on one line, without control, format, private and other invisible characters."""
    return " ".join(_seen(text).split())


def harmless(text: str) -> str:
    """The visible text on one line, without hidden parts, markup, links that are not spelt out, and false roles.

    Of a very long text the beginning, about 20,000 characters.
    """
    text = _seen(text[:_MOST_CHARACTERS])
    if not _SIGNS.search(text):
        return visible(text)
    for _ in range(_MOST_PASSES):
        before, text = text, _cleaned(text)
        if text == before:
            return visible(text)
    # Whoever nests tricks so deeply has nothing to say.
    return visible(re.sub(r"[^\w\s.,;-]", " ", text))


def is_harmless(value: Any) -> bool:
    """Whether a JSON value may be told as it is: no text in it, names included, has anything hidden or misleading.

    A value must reach its server unchanged: one that is not harmless can be left out of what is told, not mended.
    """
    match value:
        case str():
            return _is_harmless_text(value)
        case Mapping():
            members = cast("Mapping[str, Any]", value).items()
            return all(_is_harmless_text(name) and is_harmless(member) for name, member in members)
        case list():
            return all(is_harmless(member) for member in cast("list[Any]", value))
        case _:
            return True


def _is_harmless_text(text: str) -> bool:
    if len(text) > _MOST_CHARACTERS or _seen(text) != text:
        return False
    if not _SIGNS.search(text):
        return True
    read = _unescaped(text)
    if _seen(read) != read:
        return False
    read = _spaced(read)
    lower = read.lower()
    return not any(rule.concerns(lower) and rule.pattern.search(read) for rule in _TRICKS)


def _cleaned(text: str) -> str:
    text = _spaced(_seen(_unescaped(text)))
    lower = text.lower()
    for rule in (*_TRICKS, *_MARKUP):
        if rule.concerns(lower):
            text = rule.pattern.sub(rule.replacement, text)
    return text


def _seen(text: str) -> str:
    """The text without what shows nothing; white space stays."""
    if text.isascii():
        return text if text.isprintable() else _CONTROLS.sub("", text)
    kept = (c for c in _BLANKS.sub("", text) if c.isspace() or unicodedata.category(c) not in _INVISIBLE_CATEGORIES)
    return "".join(kept)


def _spaced(text: str) -> str:
    """The text with one sign for each run of white space: the rules would look through a long one again and again."""
    return _GAP.sub(lambda gap: "\n" if _NEW_LINE_SIGN.search(gap[0]) else " ", text)


def _unescaped(text: str) -> str:
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text) if "&" in text else text
