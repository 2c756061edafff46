"""What a newer document takes away from who wrote an app against an older one."""

from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
# What may not grow smaller, and what may not grow larger, in what an app sends.
_CEILINGS, _FLOORS = ("maximum", "maxLength", "maxItems"), ("minimum", "minLength", "minItems")
_RULES = ("pattern", "format", "const", "anyOf", "allOf", "oneOf", "additionalProperties")


def breaking_changes(old: Json, new: Json) -> list[str]:
    """A line for each change that an app written against `old` would feel."""
    return [line for place, one in _operations(old) for line in _operation(place, one, old, new)]


def _operations(document: Json) -> Iterator[tuple[tuple[str, str], Json]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield (path, method), item


def _operation(place: tuple[str, str], was_item: Json, old: Json, new: Json) -> Iterator[str]:
    path, method = place
    name = f"{method.upper()} {path}"
    item = new["paths"].get(path, {})
    if method not in item:
        yield f"{name} is gone"
        return
    was, now = was_item[method], item[method]
    if was["operationId"] != now["operationId"]:
        yield f"{name} is called {now['operationId']}"
    if was["security"] != now["security"]:
        yield f"{name} asks for another token"
    yield from _parameters(name, _by_place(was_item, was, old), _by_place(item, now, new), old, new)
    yield from _bodies(name, was.get("requestBody"), now.get("requestBody"), old, new)
    yield from _answers(name, was["responses"], now["responses"], old, new)


def _by_place(item: Json, operation: Json, document: Json) -> dict[tuple[str, str], Json]:
    every = [*item.get("parameters", ()), *operation.get("parameters", ())]
    return {(one["in"], one["name"]): one for one in (_resolved(one, document) for one in every)}


def _parameters(name: str, was: Any, now: Any, old: Json, new: Json) -> Iterator[str]:
    for place, one in now.items():
        if one.get("required") and not was.get(place, {}).get("required"):
            yield f"{name}: {' '.join(place)} must be sent"
    for place, one in was.items():
        if place not in now:
            yield f"{name}: {' '.join(place)} is gone"
        else:
            yield from _narrower(f"{name} {' '.join(place)}", one["schema"], now[place]["schema"], old, new)


def _bodies(name: str, was: Json | None, now: Json | None, old: Json, new: Json) -> Iterator[str]:
    if now is None or was is None:
        if now is not None and now.get("required"):
            yield f"{name}: a body must be sent"
        return
    if now.get("required") and not was.get("required"):
        yield f"{name}: a body must be sent"
    for kind, content in was["content"].items():
        if kind not in now["content"]:
            yield f"{name}: takes no {kind}"
        else:
            yield from _narrower(f"{name} body", content["schema"], now["content"][kind]["schema"], old, new)


def _answers(name: str, was: Json, now: Json, old: Json, new: Json) -> Iterator[str]:
    for status, answer in was.items():
        if status not in now:
            if status < "400":
                yield f"{name}: never answers {status}"
            continue
        told, tells = _resolved(answer, old), _resolved(now[status], new)
        for header in told.get("headers", {}):
            if header not in tells.get("headers", {}):
                yield f"{name} {status}: header {header} is gone"
        for kind, content in told.get("content", {}).items():
            if kind not in tells.get("content", {}):
                yield f"{name} {status}: {kind} is gone"
            else:
                yield from _poorer(f"{name} {status}", content["schema"], tells["content"][kind]["schema"], old, new)


def _narrower(place: str, was: Json, now: Json, old: Json, new: Json) -> Iterator[str]:
    """What may not be sent any more."""
    was, now = _resolved(was, old), _resolved(now, new)
    yield from (f"{place}: {kind} is refused" for kind in sorted(_types(was) - _types(now)))
    yield from _bounds(place, was, now)
    words = now.get("enum")
    if words is not None:
        yield from (f"{place}: {word} is refused" for word in was.get("enum", ["what was free"]) if word not in words)
    for rule in _RULES:
        if rule in now and _plain(was.get(rule), old) != _plain(now[rule], new):
            yield f"{place}: another {rule}"
    for field in sorted(set(now.get("required", ())) - set(was.get("required", ()))):
        yield f"{place}.{field} must be sent"
    for field, inner in was.get("properties", {}).items():
        if field not in now.get("properties", {}):
            yield f"{place}.{field} is gone"
        else:
            yield from _narrower(f"{place}.{field}", inner, now["properties"][field], old, new)
    if "items" in was and "items" in now:
        yield from _narrower(f"{place}[]", was["items"], now["items"], old, new)


def _bounds(place: str, was: Json, now: Json) -> Iterator[str]:
    for rule in _CEILINGS:
        if rule in now and (rule not in was or now[rule] < was[rule]):
            yield f"{place}: {rule} is {now[rule]}"
    for rule in _FLOORS:
        if rule in now and (rule not in was or now[rule] > was[rule]):
            yield f"{place}: {rule} is {now[rule]}"


def _poorer(place: str, was: Json, now: Json, old: Json, new: Json) -> Iterator[str]:
    """What is not answered any more, or answered as something else."""
    was, now = _resolved(was, old), _resolved(now, new)
    yield from (f"{place}: may be {kind}" for kind in sorted(_types(now) - _types(was)))
    if was.get("format") != now.get("format"):
        yield f"{place}: another format"
    for field, inner in was.get("properties", {}).items():
        if field not in now.get("properties", {}):
            yield f"{place}.{field} is gone"
        elif field in was.get("required", ()) and field not in now.get("required", ()):
            yield f"{place}.{field} may be missing"
        else:
            yield from _poorer(f"{place}.{field}", inner, now["properties"][field], old, new)
    if "items" in was and "items" in now:
        yield from _poorer(f"{place}[]", was["items"], now["items"], old, new)


def _types(schema: Json) -> set[str]:
    said = schema.get("type", [])
    return {said} if isinstance(said, str) else set(said)


def _resolved(part: Json, document: Json) -> Json:
    """A part of the document itself, or what it refers to; of something or null, the something."""
    if "$ref" in part:
        found: Any = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return _resolved(found, document)
    choices = part.get("anyOf", ())
    some = [one for one in choices if one.get("type") != "null"]
    if len(some) == 1 and len(choices) == 2:
        inner = _resolved(some[0], document)
        return {**inner, "type": sorted(_types(inner) | {"null"})}
    return part


def _plain(part: Any, document: Json) -> Any:
    """A rule with what it refers to in its place, so that a new name of a schema is no change."""
    if isinstance(part, list):
        return [_plain(one, document) for one in part]
    if isinstance(part, dict):
        whole = dict(_resolved(part, document)) if "$ref" in part else part
        return {name: _plain(one, document) for name, one in whole.items() if name not in ("description", "example")}
    return part
