"""How fields become JSON Schema: their patterns are written as browsers and generators of clients read them."""

from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter


class _Converter(OpenAPIConverter):
    def field2pattern(self, field: Any, **options: Any) -> dict[str, Any]:
        """The pattern of a field; Python's end of the text is a plain dollar everywhere else."""
        found: dict[str, Any] = super().field2pattern(field, **options)
        return {name: pattern.replace(r"\Z", "$") for name, pattern in found.items()}


class SchemaPlugin(MarshmallowPlugin):
    """The plugin that writes the document's schemas."""

    Converter = _Converter
