"""Stripe's OpenAPI description as a judge of requests and answers."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from partner_network.sandbox.stripe_simulator import forms

Json = dict[str, Any]
# Where API v2 answers null and its description says so.
SAID_TO_BE_NULL = ("next_page_url", "previous_page_url")
FOLDER = Path(__file__).parent.parent / "stripe_description"


class Description:
    """Stripe's OpenAPI description, asked whether a request or an answer obeys it."""

    def __init__(self) -> None:
        self.spec: Json = json.loads((FOLDER / "openapi.json").read_text())
        self.examples: Json = json.loads((FOLDER / "fixtures.json").read_text())["resources"]
        resource = Resource(contents=self.spec, specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource("stripe:", resource)
        self._ways = {
            template: re.compile(re.sub(r"\\\{[^/]+\\\}", "[^/]+", re.escape(template)) + "$")
            for template in self.spec["paths"]
        }

    def faults_in(self, instance: object, pointer: str) -> list[str]:
        """List how an instance breaks the schema at a pointer into the description."""
        validator = OAS30Validator({"$ref": f"stripe:{pointer}"}, registry=self._registry)
        return [
            f"{'/'.join(map(str, fault.path))}: {fault.message[:200]}"
            for fault in validator.iter_errors(instance)
        ]

    def template(self, path: str) -> str:
        """Find the described path that an address belongs to."""
        exact = [path] if path in self.spec["paths"] else []
        return (exact + [template for template, way in self._ways.items() if way.match(path)])[0]

    def check_answer(self, method: str, path: str, status: int, body: Json) -> None:
        """Fail unless the description allows this answer."""
        version = path.split("/")[1]
        template = self.template(path).replace("~", "~0").replace("/", "~1")
        pointer = f"#/paths/{template}/{method.lower()}/responses/200/content/application~1json/schema"
        if status != 200:
            pointer = "#/components/schemas/" + ("v2.error" if version == "v2" else "error")
        faults = self.faults_in(without_nulls(body) if version == "v2" else body, pointer)
        assert faults == [], f"{method} {path} answered {status} against Stripe's description: {faults}"

    def check_request(self, method: str, url: httpx.URL, body: str) -> None:
        """Fail unless the description allows this request."""
        operation = self.spec["paths"][self.template(url.path)][method.lower()]
        sent = json.loads(body) if url.path.startswith("/v2") and method == "POST" else None
        if method == "GET":
            schema: Json = {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    parameter["name"]: parameter["schema"] for parameter in operation["parameters"]
                },
            }
            sent = self._typed(forms.decode(url.query.decode()), schema)
        else:
            (content,) = operation["requestBody"]["content"].values()
            schema = content["schema"]
            sent = self._typed(forms.decode(body), schema) if sent is None else sent
        validator = OAS30Validator(schema, registry=self._registry)
        faults = [fault.message[:200] for fault in validator.iter_errors(sent)]
        assert faults == [], f"{method} {url.path} breaks Stripe's description: {faults}"

    def _typed(self, value: object, schema: Json) -> object:
        """Give a form's texts the types that the schema names."""
        for choice in schema.get("anyOf", []):
            typed = self._typed(value, choice)
            if OAS30Validator(choice, registry=self._registry).is_valid(typed):
                return typed
        if isinstance(value, dict):
            inner = schema.get("properties", {})
            other = schema.get("additionalProperties")
            other = other if isinstance(other, dict) else {}
            return {name: self._typed(item, inner.get(name, other)) for name, item in value.items()}
        if isinstance(value, list):
            return [self._typed(item, schema.get("items", {})) for item in value]
        match schema.get("type"), value:
            case "integer", str() if re.fullmatch(r"-?\d+", value):
                return int(value)
            case "boolean", "true" | "false":
                return value == "true"
            case _:
                return value


def without_nulls(value: Any) -> Any:
    """Leave out what API v2 did not include."""
    if isinstance(value, dict):
        kept = {name: item for name, item in value.items() if item is not None or name in SAID_TO_BE_NULL}
        return {name: without_nulls(item) for name, item in kept.items()}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value
