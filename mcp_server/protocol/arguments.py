"""The arguments of the tools that belong to no process: checked as strictly and told as kindly as a process's."""

from collections.abc import Mapping
from typing import Any

from mcp_server.errors import ArgumentProblem, InvalidArgumentsError


def check(schema: Mapping[str, Any], arguments: Mapping[str, Any] | None) -> dict[str, Any]:
    """The arguments with the schema's defaults; null stands for an argument that was not given.

    Raises: InvalidArgumentsError, with every problem.
    """
    # jsonschema takes a tenth of a second to import, and no tool list needs it.
    from mcp_server.schema.coercion import meant  # noqa: PLC0415
    from mcp_server.schema.explanation import explained  # noqa: PLC0415
    from mcp_server.schema.validation import violations  # noqa: PLC0415

    properties: Mapping[str, Any] = schema["properties"]
    given = {name: value for name, value in (arguments or {}).items() if value is not None}
    given = {name: meant(value, properties.get(name, {})) for name, value in given.items()}
    faults = violations(given, dict(schema))
    problems: list[ArgumentProblem] = [problem for fault in faults for problem in explained(fault, "$")]
    if problems:
        raise InvalidArgumentsError(problems)
    return {name: value["default"] for name, value in properties.items() if "default" in value} | given
