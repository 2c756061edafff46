"""The world of a simulated clinic: its parts, its people, what was found broken, and what is still to happen."""

import heapq
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Flask

from recovery_api.db import Vaults
from recovery_api.simulator.year_carrier import MovingClock, YearCarrier
from recovery_api.simulator.year_checks import Checks
from recovery_api.simulator.year_eye import Eye
from recovery_api.simulator.year_hooks import YearHooks
from recovery_api.simulator.year_people import Person


@dataclass
class World:
    """What everybody in a simulated clinic shares. `people` live in `clinic_id` for `days` days."""

    app: Flask
    vaults: Vaults
    public_url: str
    clock: MovingClock
    carrier: YearCarrier
    hooks: YearHooks
    clinic_id: UUID
    number: str
    nurse_id: UUID
    days: int
    people: dict[UUID, Person]
    checks: Checks = field(default_factory=Checks)
    said: Counter[str] = field(default_factory=Counter)
    jobs: Counter[str] = field(default_factory=Counter)  # batches of work, by kind
    eye: Eye = field(init=False)
    events: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    _order: Any = field(default_factory=itertools.count)

    def at(self, moment: datetime, deed: Callable[[], None]) -> None:
        """Let something happen at a moment that is still to come, or now."""
        heapq.heappush(self.events, (max(moment, self.clock.at), next(self._order), deed))
