"""Angles as people write them: degrees with a fraction, or with minutes and seconds, with signs or letters."""

import re
from dataclasses import dataclass
from typing import Literal

from backend.errors import refuse

type Kind = Literal["latitude", "longitude"]

_SIGNS = str.maketrans("º˚′’‘´`ʹ″”“ʺ−–‐，", "°°''''''\"\"\"\"---,")
_WORDS = tuple(
    (re.compile(pattern, re.IGNORECASE), letter)
    for pattern, letter in (
        # Of the letters for degrees, minutes and seconds the last is also that of the south.
        (
            r"(\d+)\s*d\s*(\d+)\s*m\s*(\d+(?:[.,]\d+)?)\s*(?:(?-i:s)(?![a-z])|s(?=[nsewo]\b))",
            r"\1°\2'\3" + '"',
        ),
        (r"(\d)\s*d\s*(?=\d)", r"\1°"),
        (r"(°\s*\d+(?:[.,]\d+)?)\s*m\s*(?=\d)", r"\1'"),
        (r"\b(?:latitude|lat|breite)\b\.?\s*[:=]?", "φ"),
        (r"\b(?:longitude|long|lon|lng|länge)\b\.?\s*[:=]?", "λ"),
        (r"\b(?:north|nord|norte|noord)\b", "N"),
        (r"\b(?:south|süd|sud|sur|sul|zuid|syd)\b", "S"),
        (r"\b(?:east|ost|est|este|leste|oost|øst|öst)\b", "E"),
        (r"\b(?:west|ouest|oeste|ovest|vest|väst)\b", "W"),
        (r"(?:degrees?|deg|grad)\b\.?", "°"),
        (r"(?:minutes?|min)\b\.?", "'"),
        (r"(?:seconds?|sec)\b\.?", '"'),
        (r"''", '"'),
        (r"[()\[\]]", " "),
        # Hyphens between degrees, minutes and seconds.
        (r"(\d+)-(\d{1,2})-(\d{1,2}(?:[.,]\d+)?)", r"\1 \2 \3"),
    )
)
"""What is written out, and the sign or letter for it."""
_EXPONENT = re.compile(r"^[^NS]*\de[-+]?\d", re.IGNORECASE)
"""An E between digits is east only where a latitude has its letter before it."""
_LETTERS: dict[str, tuple[Kind, int]] = {
    "N": ("latitude", 1),
    "S": ("latitude", -1),
    "E": ("longitude", 1),
    "O": ("longitude", 1),
    "W": ("longitude", -1),
}
_NUMBER = r"\d+(?:\.\d+)?"
_PARTS = re.compile(
    rf"(?P<sign>[-+])?\s*(?P<degrees>{_NUMBER})\s*[°:]?\s*"
    rf"(?:(?<=[°:\s])(?P<minutes>{_NUMBER})\s*[':]?\s*(?:(?<=[':\s])(?P<seconds>{_NUMBER})\s*\"?)?)?"
)
_PACKED = re.compile(r"(\d{2,3})(\d{2})(\d{2}(?:\.\d+)?)?")


@dataclass(frozen=True, slots=True)
class Angle:
    """One angle."""

    degrees: float
    kind: Kind | None = None
    """What its letter or name says."""
    ambiguous: bool = False
    """Its letter is O: Ost, or Oeste and Ouest."""


def read_angles(text: str) -> tuple[list[Angle], str]:
    """The angles of a text in their order, and the notation in which they stand.

    Raises:
        ProcessRefusedError: it holds something else.
    """
    if _EXPONENT.search(text):
        refuse(f"{text[:60]!r} has an exponent: write the number out")
    plain = text.translate(_SIGNS)
    for pattern, letter in _WORDS:
        plain = pattern.sub(letter, plain)
    plain = _decimal_points(plain.upper().replace("Φ", "φ").replace("Λ", "λ"))
    angles: list[Angle] = []
    sexagesimal = False
    for piece in _pieces(plain):
        angle, parts = _angle(piece, text)
        angles.append(angle)
        sexagesimal = sexagesimal or parts > 1
    return angles, "degrees, minutes, seconds" if sexagesimal else "decimal degrees"


def sexagesimal(degrees: float, minutes: float, seconds: float) -> float:
    """Degrees of an angle by its parts, without its sign.

    Raises:
        ProcessRefusedError: minutes or seconds are not within 0 to 60, or a fraction stands before the last part.
    """
    if not (0 <= minutes < 60 and 0 <= seconds < 60):
        refuse(f"{minutes:g} minutes {seconds:g} seconds: both are at least 0 and below 60")
    if ((minutes or seconds) and degrees % 1) or (seconds and minutes % 1):
        refuse(f"{degrees:g}° {minutes:g}' {seconds:g}\" has a fraction before its last part")
    return degrees + minutes / 60 + seconds / 3600


def _decimal_points(text: str) -> str:
    """Commas within numbers as points, where they are such: `52,5 13,4`, but not `52.5,13.4` nor `52,13`."""
    within = len(re.findall(r"\d,\d", text))
    if "." in text or within == 0:
        return text
    separated = re.search(r"\d[^\d,.]*[\s;NSEWO°'\"][^\d,.]*\d", text) is not None
    return re.sub(r"(?<=\d),(?=\d)", ".", text) if within > 1 or separated else text


def _pieces(text: str) -> list[str]:
    """The parts of a text that are an angle each."""
    stripped = text.strip(" ,;/")
    if re.search(r"[φλ]", stripped):
        return [piece for piece in re.split(r"(?=[φλ])", stripped) if piece.strip(" ,;/")]
    split = [piece for piece in re.split(r"[,;/]", stripped) if piece.strip()]
    letter = re.search(r"[NSEWO]", stripped)
    # What separates two angles decides, whether their letters stand before or after the numbers.
    if len(split) == 2 or (len(split) > 2 and letter is None):
        return split
    if letter is not None and letter.start() == 0:
        return re.findall(r"[NSEWO][^NSEWO]*", stripped)
    if letter is not None:
        return [piece for piece in re.split(r"(?<=[NSEWO])", stripped) if piece.strip(" ,;/")]
    if "°" in stripped:
        return re.findall(rf"[-+]?\s*{_NUMBER}\s*°[^°]*?(?=[-+]?\s*{_NUMBER}\s*°|$)", stripped) or [stripped]
    numbers = stripped.split()
    half = len(numbers) // 2
    return [" ".join(numbers[:half]), " ".join(numbers[half:])] if len(numbers) in (2, 4, 6) else [stripped]


def _angle(piece: str, text: str) -> tuple[Angle, int]:
    """The angle, and of how many parts it is."""
    named: dict[str, Kind] = {"φ": "latitude", "λ": "longitude"}
    letters = re.findall(r"[NSEWOφλ]", piece)
    kinds: set[Kind] = {named[letter] if letter in named else _LETTERS[letter][0] for letter in letters}
    compass = [letter for letter in letters if letter in _LETTERS]
    if len(kinds) > 1 or len(compass) > 1:
        refuse(f"{text[:60]!r} has more letters than one for an angle")
    sign = _LETTERS[compass[0]][1] if compass else 1
    bare = re.sub(r"[NSEWOφλ]", " ", piece).strip(" ,;/:")
    packed = _PACKED.fullmatch(bare) if compass and re.fullmatch(r"\d{5,7}(\.\d+)?|\d{4}", bare) else None
    if packed is not None:
        whole, minutes, seconds = packed[1], packed[2], packed[3] or "0"
        return _made(sign * sexagesimal(float(whole), float(minutes), float(seconds)), kinds, compass), 3
    found = _PARTS.fullmatch(bare)
    if found is None:
        refuse(f"{text[:60]!r} is no position: {bare[:40]!r} is no angle")
    if found["sign"] == "-" and compass:
        refuse(f"{text[:60]!r} has a minus sign and the letter {compass[0]}: only one may tell the hemisphere")
    parts = [float(found[name] or 0) for name in ("degrees", "minutes", "seconds")]
    degrees = sexagesimal(*parts) * sign * (-1 if found["sign"] == "-" else 1)
    return _made(degrees, kinds, compass), sum(found[name] is not None for name in ("degrees", "minutes", "seconds"))


def _made(degrees: float, kinds: set[Kind], compass: list[str]) -> Angle:
    return Angle(degrees, next(iter(kinds), None), compass == ["O"])
