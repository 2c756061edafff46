"""Small parts of FHIR R4 resources; nothing empty is ever written, as the format forbids it."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

LOINC = "http://loinc.org"
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"


def present(**values: Any) -> dict[str, Any]:
    """The values that are there."""
    return {name: value for name, value in values.items() if value is not None}


def plain(words: str) -> str | None:
    """A text without the control characters that R4 forbids in a string; None where nothing is left to read."""
    kept = _FORBIDDEN.sub("", words)
    return kept if kept.strip() else None


def said(words: str) -> dict[str, Any]:
    """A concept in words alone."""
    return {"text": plain(words) or "unknown"}


def code(system: str, value: str, display: str | None = None) -> dict[str, Any]:
    """A concept with its code."""
    return {"coding": [present(system=system, code=value, display=display)]}


def category(value: str, display: str) -> dict[str, Any]:
    """The category of an observation."""
    return code(_CATEGORIES, value, display)


def reference(kind: str, row_id: UUID) -> dict[str, str]:
    """A reference to another resource of the same export."""
    return {"reference": f"{kind}/{row_id}"}


def instant(at: datetime) -> str:
    """An instant in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def answer(link_id: str, words: str, kind: str, values: Sequence[Any]) -> dict[str, Any] | None:
    """An answered item; None where nothing was answered."""
    kept = (plain(value) if isinstance(value, str) else value for value in values)
    given = [{f"value{kind}": value} for value in kept if value is not None]
    return {"linkId": link_id, "text": words, "answer": given} if given else None


def survey(value: Any) -> tuple[str, list[Any]]:
    """The kind and value of an item's answer."""
    if isinstance(value, bool):
        return "Boolean", [value]
    return ("Integer", [value]) if isinstance(value, int) else ("String", [str(value)])
