"""The members of descriptions in the spelling of this package: WPS writes `Identifier`, pywps `min_occurs`."""

import re

from mcp_server.schema.plain import JsonObject

_CONVENTIONAL = frozenset({
    "id", "identifier", "name", "title", "description", "abstract", "version", "processVersion", "keywords",
    "metadata", "inputs", "outputs", "input", "output", "dataInputs", "processOutputs", "jobControlOptions",
    "outputTransmission", "example", "examples", "schema", "type", "default", "minOccurs", "maxOccurs", "optional",
    "literalDataDomain", "literalDataDomains", "literalData", "literalOutput", "complexData", "complexOutput",
    "boundingBoxData", "boundingBoxOutput", "boundingBoxDomain", "supportedCRS", "dataType", "valueDefinition",
    "defaultValue", "anyValue", "allowedValues", "possibleValues", "options", "valueList", "minimum", "maximum",
    "minimumValue", "maximumValue", "rangeMinimum", "rangeMaximum", "rangeClosure", "exclusiveMin", "exclusiveMax",
    "formats", "supportedFormats", "dataFormat", "format", "mediaType", "mimeType", "encoding", "reference", "value",
    "content",
})  # fmt: skip


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_MEANT = {_folded(name): name for name in _CONVENTIONAL}


def conventional(members: JsonObject) -> JsonObject:
    """The members of a process, an input, an output or a domain, each known one under its conventional name.

    A member that has that name already goes first. Names of inputs and JSON Schemas are no business of this.
    """
    if members.keys() <= _CONVENTIONAL:
        return members
    result: JsonObject = {}
    for name, value in members.items():
        meant = name if name in _CONVENTIONAL else _MEANT.get(_folded(name), name)
        result[name if meant in result else meant] = value
    return result
