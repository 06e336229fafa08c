# ruff: noqa: ARG002
"""Plain pygeoapi plugins that no careful author would write; `execute` is as pygeoapi calls it."""

from typing import Any, ClassVar

from pygeoapi.process.base import BaseProcessor


class Odd(BaseProcessor):
    """Its only output has the id `OUTPUT`."""

    OUTPUT: ClassVar[str] = "out"

    def __init__(self, processor_def: dict[str, Any]) -> None:
        outputs = {self.OUTPUT: {"schema": {"type": "string"}}}
        super().__init__(processor_def, {"version": "1.0.0", "id": "odd", "title": "Odd", "outputs": outputs})

    def execute(self, data: dict[str, Any], outputs: Any = None) -> tuple[str, Any]:
        return "text/html", "<script>alert(1)</script>"


class SlashedOutput(Odd):
    OUTPUT: ClassVar[str] = "a/b"


class DottedOutput(Odd):
    OUTPUT: ClassVar[str] = ".."


class Unloadable(Odd):
    def __init__(self, processor_def: dict[str, Any]) -> None:
        raise OSError(2, "No such file or directory", "/srv/secret/models/river.bin")


class SmugglesHeader(Odd):
    def execute(self, data: dict[str, Any], outputs: Any = None) -> tuple[str, Any]:
        return "text/plain;\r\n charset=utf-8", "x"


class Leaks(Odd):
    def execute(self, data: dict[str, Any], outputs: Any = None) -> tuple[str, Any]:
        raise FileNotFoundError(2, "No such file or directory", "/srv/secret/data/river.tif")
