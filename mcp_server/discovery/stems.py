"""Texts as the stems of their words, for English first and lightly for German, French and Spanish. Pure."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_FUNCTION_WORDS: Final = """
a about after again ago ah all already also am an and any anyone anything are as ask at be because been before being but
by can cannot could did do does doing don done down during etc even ever for from get gets getting give given gives go
goes going got had has have having he help her here his how however i if in into is it its just let like ll made make
makes making many may maybe me might more most much must my need needed needs no not now of off on once one ones only
onto or other our ours out over please possible put really same she should show so some somehow something such t tell
than that the their them then there these they thing things this those through to too until up us use used uses using
very via want wanted wants was way we were what when where whether which who whom whose why will with would yes yet you
your
aber als auch auf aus bei bin bis das dass den der des die dies ein eine einem einen einer er es fur hat ich ihr im ist
kann man mein meine meinem meinen meiner mich mir mit nach nicht noch nur oder ohne sich sie sind um und uns vom von vor
war welche welchen welcher wenn wer werden wie wir wird wo zu zum zur
au aux avec ce ces cette comment dans de du elle en est et il je la le les leur leurs ma mais mes mon ne nous ou par pas
plus pour quand que quel quelle quels qui sa se ses son sont sur un une vous votre y
al como con cual cuando del desde donde el ella entre esta este esto hay las lo los mi mis muy para pero por puede
quiero si sin sobre su sus tras unas unos yo
"""
STOP_WORDS: Final = frozenset(_FUNCTION_WORDS.split())
"""Function words and the verbs of asking. Prepositions of place stay: they are what much of the field is about."""

_IDENTIFIER_PARTS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_WORD: Final = re.compile(r"[^\W_]+")
_DOUBLED: Final = re.compile(r"([bcdfgmnprtvz])\1$")
_ENDINGS: Final = """
ability ibility ization isation izations isations ational ation ations ating ated ator ators ate ates ative ance ances
ence ences ancy ency ant ent ing ings ingly ed edly er ers est ier iest ies ied able ible ity ities ous ive ize ise izes
ises ized ised izing ising ic ical ics al ally ly ion ions ness ment ments ful less y e es en s i is
"""
_SUFFIXES: Final = tuple(sorted(_ENDINGS.split(), key=len, reverse=True))
_SHORTEST: Final = {"s": 3, "e": 3, "es": 3, "y": 3, "ing": 3, "ings": 3, "ed": 3, "ies": 3, "ied": 3}
_SHORTEST_STEM: Final = 4
_LONGEST: Final = 60
"""Letters of a word; what is longer is none in any language."""
_KEPT_ENDS: Final = ("ss", "us")


def words(text: str) -> list[str]:
    """The words of a text in order, lower-case and without accents.

    An identifier is its parts with the whole behind them: `concaveHull` is concave, hull, concavehull.
    """
    found: list[str] = []
    for word in _WORD.findall(_unaccented(text)):
        pieces = _pieces(word)
        found += [*pieces, word.casefold()] if len(pieces) > 1 else [word.casefold()]
    return found


def parts(text: str) -> list[str]:
    """The words of a text, and of its identifiers the parts alone."""
    return [piece for word in _WORD.findall(_unaccented(text)) for piece in _pieces(word) or [word.casefold()]]


def stems(text: str) -> list[str]:
    """The stems of the words of a text that carry meaning, in order."""
    return [stem(word) for word in words(text) if word not in STOP_WORDS and _is_telling(word)]


def _is_telling(word: str) -> bool:
    return (3 if word.isdigit() else 1) < len(word) <= _LONGEST


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """What is left of a word without its endings: the same for the forms of one word, and for words made of it.

    Far more is cut than a grammar would, for a word that is found too much costs less than one that is not found.
    """
    if word.isascii() and not word.isalpha():
        return word
    while True:
        shorter = _shorter(word)
        if shorter == word:
            return word
        word = shorter


def _pieces(word: str) -> list[str]:
    return [piece.casefold() for piece in _IDENTIFIER_PARTS.findall(word)]


def _shorter(word: str) -> str:
    if word.endswith(_KEPT_ENDS):
        return word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST.get(suffix, _SHORTEST_STEM):
            return _DOUBLED.sub(r"\1", word[: -len(suffix)])
    return word


def _unaccented(text: str) -> str:
    if text.isascii():
        return text
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
