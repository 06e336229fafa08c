"""In which encoding a text file stands that does not tell it."""

import codecs
from collections.abc import Sequence
from pathlib import Path

WESTERN = "Windows-1252 (Western European)"
"""What texts that are no Unicode are taken for, for people."""


def read_text(path: Path, name: str) -> tuple[str, Sequence[str]]:
    """A text file as UTF-8, UTF-16 where its first bytes say so, or else Windows-1252; and what is to be told of it.

    Few bytes that are no UTF-8 among many characters that are were damaged: as another encoding all would be garbled.

    Raises:
        OSError: it cannot be read.
    """
    content = path.read_bytes()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace"), ()
    try:
        return content.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        text = content.decode("utf-8-sig", errors="replace")
    damaged = text.count("\ufffd")
    if damaged < sum(not letter.isascii() for letter in text) - damaged:
        return text, (f"{name} was read as UTF-8, though {damaged} of its characters are none: they became U+FFFD.",)
    told = f"{name} is no UTF-8: its texts were read as {WESTERN}. Where letters look wrong, save it as UTF-8."
    return content.decode("cp1252", errors="replace"), (told,)
