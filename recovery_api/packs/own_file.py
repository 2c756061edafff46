"""A clinic's own YAML file: text in which every key stands once, or an error with its line."""

from pathlib import Path
from typing import Any

import yaml
from yaml.reader import ReaderError

from recovery_api.domain.errors import PackError


def read_text(path: Path | str, file: str) -> str:
    """The text of a file, which errors call `file`. Raises PackError where there is none, or it is not UTF-8."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise PackError(file, "file", error.strerror or "cannot be read") from None
    except UnicodeDecodeError:
        raise PackError(file, "file", "is not UTF-8 text") from None


def parsed(text: str, file: str) -> Any:
    """What a text of YAML holds. Raises PackError with the line at which it is none, or a key stands twice."""
    try:
        return _OnceLoader(text).get_single_data()
    except ReaderError as error:
        raise PackError(file, f"line {text.count(chr(10), 0, error.position) + 1}", error.reason) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "file"
        raise PackError(file, where, getattr(error, "problem", None) or "is not YAML") from None


class _OnceLoader(yaml.SafeLoader):
    """YAML in which a key may stand only once: the second of two days or tiers would win without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{name} stands twice", key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:  # a date that is none, as 2020-13-45
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from None
