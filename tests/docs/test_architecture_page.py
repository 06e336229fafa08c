"""The page of the architecture draws the arrows that import-linter keeps."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
LAYERS = {contract["containers"][0]: contract["layers"] for contract in CONTRACTS if contract["type"] == "layers"}


@pytest.mark.parametrize("package", LAYERS)
def test_the_page_tells_the_layers_as_they_are(package: str) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert f"`{package}`: `{' → '.join(LAYERS[package])}`." in page


def test_there_are_layers_to_tell() -> None:
    assert set(LAYERS) == {"backend", "backend.geo", "mcp_server"}
