"""How DuckDB is kept from all files and networks but what it is given, and how what it is given is quoted."""

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "allow_community_extensions": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "temp_directory": "",
}
"""Of each connection."""
LOCKED = ("SET TimeZone = 'UTC'", "SET enable_external_access = false", "SET lock_configuration = true")
"""To be run once it was told what it may reach. Times with a zone mean the same on every machine."""


def quoted_name(name: str) -> str:
    """The name of a column, of any characters."""
    return '"' + name.replace('"', '""') + '"'


def quoted_text(text: str) -> str:
    """A text as a literal."""
    return "'" + text.replace("'", "''") + "'"
