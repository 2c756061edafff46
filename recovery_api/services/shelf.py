"""Things that a process made before and may show again, each good while its stamp is."""

from collections import OrderedDict
from threading import Lock
from typing import Any, Generic, TypeVar

Thing = TypeVar("Thing")


class Shelf(Generic[Thing]):
    """Things by place; beyond `most` of them, the longest unused go first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._things: OrderedDict[Any, tuple[Any, Thing]] = OrderedDict()
        self._lock = Lock()

    def find(self, place: Any, stamp: Any) -> Thing | None:
        """What stands at a place if it was put there under this stamp."""
        with self._lock:
            found = self._things.get(place)
            if found is None or found[0] != stamp:
                return None
            self._things.move_to_end(place)
            return found[1]

    def keep(self, place: Any, stamp: Any, thing: Thing) -> None:
        """Put a thing instead of what stood there."""
        with self._lock:
            self._things[place] = stamp, thing
            self._things.move_to_end(place)
            if len(self._things) > self._most:
                self._things.popitem(last=False)
