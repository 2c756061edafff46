"""JSON as it is accepted here: small, shallow, UTF-8, no key twice, no number without a value, no stray characters."""

import json
import re
from collections.abc import Sequence
from math import isinf
from typing import Any

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from recovery_api.api.refusals import BadJson, NotJson

LARGEST_BODY = 32 * 1024
DEEPEST = 16
MOST_KEYS = 500  # in one object; the largest of ours has 20
MEDIA_TYPE = "application/json"
# A whole string (or an unfinished one, up to the end), or a bracket. Possessive, so that it is linear on any input.
_STRUCTURE = re.compile(r'"(?:[^"\\]++|\\.)*+"?+|([\[{])|([\]}])', re.DOTALL)
_UNFIT = re.compile("[\x00\ud800-\udfff]")


def read_json(largest: int = LARGEST_BODY) -> Any:
    """The JSON value in the body of the request at hand; None where there is no body.

    Raises BadJson, NotJson, or RequestEntityTooLarge for more than `largest` bytes.
    """
    request.max_content_length = largest + 1  # a body that does not say its length is cut off there
    data = request.get_data()
    if len(data) > largest:
        raise RequestEntityTooLarge
    if not data:
        return None
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != MEDIA_TYPE or charset not in ("utf-8", "utf8", "us-ascii"):
        raise NotJson(f"The body must be {MEDIA_TYPE} in UTF-8.")
    return parse(data)


def parse(data: bytes) -> Any:
    """The value of a JSON text. Raises BadJson."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadJson("The body is not UTF-8.") from None
    _check_depth(text)
    try:
        value = _DECODER.decode(text)
    except ValueError:
        raise BadJson("The body is not JSON.") from None
    _check_strings(value)
    return value


def _check_depth(text: str) -> None:
    depth = 0
    for found in _STRUCTURE.finditer(text):
        if found[1]:
            depth += 1
            if depth > DEEPEST:
                raise BadJson(f"The body is nested deeper than {DEEPEST} levels.")
        elif found[2]:
            depth -= 1


def _check_strings(value: Any) -> None:
    """Refuse characters that no text can hold; as deep as the depth check allows."""
    if isinstance(value, str):
        if _UNFIT.search(value):
            raise BadJson("A string holds a character that no text can hold.")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_strings(key)
            _check_strings(item)
    elif isinstance(value, list):
        for item in value:
            _check_strings(item)


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_KEYS:
        raise BadJson(f"An object has more than {MOST_KEYS} keys.")
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadJson("A key stands twice in one object.")
    return found


def _number(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise BadJson("A number is too large.")
    return number


def _no_number(text: str) -> float:
    raise BadJson(f"{text} is not a number.")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_constant=_no_number)
