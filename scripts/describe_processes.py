"""Writes `backend/processes/descriptions.json` anew: `uv run python scripts/describe_processes.py`."""

from pathlib import Path

from backend.api.configuration import load_configuration
from backend.processes import descriptions


def main() -> None:
    """Ask each packaged process."""
    names = [str(entry.processor["name"]) for entry in load_configuration(None).processes]
    (Path(descriptions.__file__).parent / "descriptions.json").write_text(descriptions.to_keep(names))


if __name__ == "__main__":
    main()
