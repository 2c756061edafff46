"""Reading a pack of data key by key, so that every error names its file, its place and its reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from recovery_api.domain.errors import PackError


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the greatest value a parameter may take."""

    low: float
    high: float
    whole: bool = False


class Section:
    """One mapping of a pack; each key is taken once and what is left over is an error."""

    def __init__(self, file: str, where: str, content: object) -> None:
        if not isinstance(content, Mapping):
            raise PackError(file, where, "must be a set of named values")
        self.file, self.where = file, where
        self._left: dict[Any, Any] = dict(content)

    def error(self, reason: str) -> PackError:
        """A PackError about this section, to be raised by the caller."""
        return PackError(self.file, self.where, reason)

    def has(self, key: str) -> bool:
        """Whether the key is there and not yet taken."""
        return key in self._left

    def take(self, key: str) -> Any:
        """The value as it stands. Raises PackError where it is missing."""
        if key not in self._left:
            raise self.error(f"{key} is missing")
        return self._left.pop(key)

    def text(self, key: str) -> str:
        """A text that is not blank. Numbers must be put in quotes, so that 1.10 stays 1.10."""
        value = self.take(key)
        if not isinstance(value, str) or not value.strip():
            raise self.error(f"{key} must be text, in quotes where it looks like a number")
        return " ".join(value.split())

    def choice(self, key: str, allowed: Iterable[str]) -> str:
        """A text that is one of those allowed."""
        value = self.text(key)
        names = list(allowed)
        if value not in names:
            raise self.error(f"{key} is {value!r}; it must be one of {', '.join(names)}")
        return value

    def number(self, key: str, bounds: Bounds) -> float:
        """A number within its bounds, both ends included."""
        value = self.take(key)
        kind = "a whole number" if bounds.whole else "a number"
        if isinstance(value, bool) or not isinstance(value, int if bounds.whole else int | float):
            raise self.error(f"{key} must be {kind}")
        if not bounds.low <= value <= bounds.high:
            raise self.error(f"{key} is {value}; it must be {kind} from {bounds.low:g} to {bounds.high:g}")
        return value

    def whole(self, key: str, low: int, high: int) -> int:
        """A whole number within its bounds, both ends included."""
        return int(self.number(key, Bounds(low, high, whole=True)))

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self.take(key)
        if not isinstance(value, bool):
            raise self.error(f"{key} must be true or false")
        return value

    def items(self, key: str) -> list[Any]:
        """A list that is not empty."""
        value = self.take(key)
        if not isinstance(value, list) or not value:
            raise self.error(f"{key} must be a list with at least one item")
        return value

    def part(self, key: str) -> "Section":
        """A mapping inside this one."""
        return Section(self.file, f"{self.where}, {key}", self.take(key))

    def close(self) -> None:
        """Raises PackError where the section holds a key that nobody took."""
        if self._left:
            raise self.error(f"does not know {', '.join(sorted(map(str, self._left)))}")
