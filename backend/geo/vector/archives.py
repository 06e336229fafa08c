"""Zip archives that are the same whenever they are made."""

import zipfile
from collections.abc import Mapping
from io import BytesIO

DATE = (1980, 1, 1, 0, 0, 0)
"""Of the files in an archive: the first that its format has."""


def zipped(files: Mapping[str, bytes]) -> bytes:
    """An archive of these files, by their names in it."""
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            member = zipfile.ZipInfo(name, DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(member, content)
    return archive.getvalue()
