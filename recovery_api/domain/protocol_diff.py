"""What another version of a protocol would change in one patient's dated plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from recovery_api.domain.schedule import PlannedReminder


@dataclass(frozen=True, slots=True)
class Difference:
    """One text of the plan: `before` or `after` is None where it is new, or gone."""

    local_on: date
    kind: str
    before: PlannedReminder | None
    after: PlannedReminder | None


def differences(before: Sequence[PlannedReminder], after: Sequence[PlannedReminder]) -> tuple[Difference, ...]:
    """Every text that is new, gone, or changed in its time, words, values, condition or reader, by day."""
    old = {(one.local_on, one.kind, one.slot): one for one in before}
    new = {(one.local_on, one.kind, one.slot): one for one in after}
    return tuple(
        Difference(key[0], key[1], old.get(key), new.get(key))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    )
