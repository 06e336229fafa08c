"""How names of places are compared: without case, accents and punctuation."""

import re
import unicodedata

_WORD = re.compile(r"\w+")


def plain_name(name: str) -> str:
    """The name as it is compared: `São Paulo` and `SAO  PAULO` are one, and so are `Saint-Denis` and `saint denis`."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return " ".join(_WORD.findall("".join(letter for letter in decomposed if not unicodedata.combining(letter))))
