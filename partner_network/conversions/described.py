"""Describe batches to readers of the API's own description: the framework never sees their bodies."""

from dataclasses import dataclass, replace
from typing import Any, cast

import msgspec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, Operation, RequestBody

from partner_network.conversions.rules.reading import Noun
from partner_network.conversions.rules.reports import MOST_REPORTS, Report


def batch_of(noun: Noun, kind: type[Report], *, is_told_again: bool) -> type[Operation]:
    """Return the description of an operation that takes ``{"<noun>": [...]}``.

    ``is_told_again`` says that a batch which was stored before is answered by 200 and not by 201.
    """
    (reference,), definitions = msgspec.json.schema_components([kind], ref_template="{name}")
    items = _inlined(reference, definitions)
    schema = {
        "type": "object",
        "required": [noun],
        "additionalProperties": False,
        "properties": {noun: {"type": "array", "minItems": 1, "maxItems": MOST_REPORTS, "items": items}},
    }

    @dataclass
    class Batch(Operation):
        def __post_init__(self) -> None:
            media = OpenAPIMediaType(schema=cast("Any", schema))
            self.request_body = RequestBody(content={"application/json": media}, required=True)
            if is_told_again and self.responses:
                self.responses["200"] = replace(
                    cast("OpenAPIResponse", self.responses["201"]), description="All of it was stored before."
                )

    return Batch


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(one, definitions) for one in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    known = cast("dict[str, Any]", schema)
    if "$ref" in known:
        return _inlined(definitions[known["$ref"]], definitions)
    return {name: _inlined(value, definitions) for name, value in known.items() if value is not None}
