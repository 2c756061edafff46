"""Where in a YAML file an error lies: the line of the step, or of the key that the reason begins with."""

from collections.abc import Iterator

import yaml

from recovery_api.domain.errors import PackError


def located(error: PackError, text: str) -> PackError:
    """The same error with the line of its place, where that can be found."""
    line = _line_of(yaml.compose(text), error.where, error.reason)
    where = error.where if line is None else f"line {line}, {error.where}"
    return PackError(error.file, where, error.reason)


def _line_of(root: yaml.Node | None, where: str, reason: str) -> int | None:
    named, *inner = where.split(", ")
    if named == "steps":
        found = _key(root, named)
    else:
        node = _item(root, named) if " " in named else root
        for key in inner:
            node = _value(node, key) or _item(node, key) or node
        found = _key(node, reason.split(" ")[0]) or node
    return None if found is None else found.start_mark.line + 1


def _item(root: yaml.Node | None, named: str) -> yaml.Node | None:
    """The item that "step ID", "phase ID" or "rung 2" names, by its id or its number in the list."""
    kind, _, wanted = named.partition(" ")
    items = _value(root, f"{kind}s")
    if not isinstance(items, yaml.SequenceNode):
        return None
    for number, item in enumerate(items.value, 1):
        name = _value(item, "id")
        if str(number) == wanted or (isinstance(name, yaml.ScalarNode) and name.value == wanted):
            return item if isinstance(item, yaml.Node) else None
    return None


def _pairs(node: yaml.Node | None) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from node.value


def _key(node: yaml.Node | None, name: str) -> yaml.Node | None:
    return next((key for key, _ in _pairs(node) if key.value == name), None)


def _value(node: yaml.Node | None, name: str) -> yaml.Node | None:
    return next((value for key, value in _pairs(node) if key.value == name), None)
