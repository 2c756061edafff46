"""Entity tags: what a caller holds already is not sent again, and what changed meanwhile is not overwritten unseen."""

import hashlib
import json
import re

from flask import Response, request

from recovery_api.domain.errors import StaleVersion

_TAGS = re.compile(r'(?:W/)?("[^"\x00-\x20\x7f-\xff]{1,80}")')


def tag_answer(answer: Response) -> None:
    """Give an answer the tag of its content, unless it has one of its own."""
    if answer.status_code == 200 and "ETag" not in answer.headers:
        answer.headers["ETag"] = _tag_of(answer)


def spare_answer(answer: Response) -> Response:
    """An empty 304 instead of what the caller holds already."""
    held = request.headers.get("If-None-Match", "").strip()
    tag = answer.headers.get("ETag")
    if answer.status_code != 200 or tag is None or not (held == "*" or tag in _TAGS.findall(held)):
        return answer
    spared = Response(status=304)
    spared.headers["ETag"] = tag
    spared.headers.pop("Content-Type", None)
    return spared


def check_unchanged(current: Response) -> None:
    """Hold what is there now against If-Match. Raises StaleVersion where the caller saw something else."""
    seen = request.headers["If-Match"].strip()
    if seen != "*" and _tag_of(current) not in strong_tags(seen):
        raise StaleVersion("It was changed since you read it: read it again.")


def strong_tags(header: str) -> list[str]:
    """The tags of a list that name content byte by byte, each in its quotation marks; a weak one does not."""
    return [found[0] for found in _TAGS.finditer(header) if found[0].startswith('"')]


def _tag_of(answer: Response) -> str:
    """The same for the same content, however it is spaced."""
    body = answer.get_data()
    if answer.is_json:
        body = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode()
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'
