"""The standard streams as text."""

import sys
from io import TextIOWrapper


def write_utf8() -> None:
    """Write UTF-8 (RFC 8259 asks it of JSON) to standard output and error, wherever they lead.

    The code page of Windows lacks most characters, and Python refuses to write what it lacks.
    """
    for stream in (sys.stdout, sys.stderr):
        # Whoever took a stream's place, a test say, knows what becomes of the text.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
