"""The descriptions that come with the package, and when they count."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from backend.api.schemas import prepare
from backend.processes import descriptions
from backend.processes.descriptions import Descriptions, to_keep
from backend.processes.occurrences import schema_of_input
from tests.packaged import PROCESSORS

KEPT = Path(descriptions.__file__).with_name("descriptions.json")
BUFFER = PROCESSORS["geometry-buffer"]


@pytest.fixture
def falsified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy that calls the buffer by another title, in the place of the packaged file."""
    document = json.loads(KEPT.read_text())
    document["processors"][BUFFER]["metadata"]["title"] = "Kept"
    copy = tmp_path / "descriptions.json"
    copy.write_text(json.dumps(document))
    monkeypatch.setattr(descriptions, "_FILE", copy)
    return copy


def test_the_kept_descriptions_are_what_the_processes_say() -> None:
    assert KEPT.read_text() == to_keep(PROCESSORS.values()), "run scripts/describe_processes.py"


def test_a_kept_description_is_taken_without_loading_the_process(falsified: Path) -> None:
    assert Descriptions.packaged().of({"name": BUFFER}).metadata["title"] == "Kept"


def test_a_process_with_options_of_its_own_is_asked(falsified: Path) -> None:
    assert Descriptions.packaged().of({"name": BUFFER, "option": 1}).metadata["title"] == "Buffer a geometry"


def test_descriptions_of_other_code_do_not_count(falsified: Path) -> None:
    falsified.write_text(falsified.read_text().replace('"made_of": "', '"made_of": "0'))
    assert Descriptions.packaged().of({"name": BUFFER}).metadata["title"] == "Buffer a geometry"


def test_schemas_that_are_made_of_types_are_sound() -> None:
    kept = Descriptions.packaged()
    for name in PROCESSORS.values():
        described = kept.of({"name": name})
        for one in described.metadata["inputs"].values() if described.typed else ():
            Draft202012Validator.check_schema(prepare(schema_of_input(one), sound=True))
