"""What the worklist and the sheet for the next shift show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from recovery_api.clinic import words
from recovery_api.clinic.flags import WorklistRow
from recovery_api.clinic.frame import Choice, Frame
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.tongue import ngettext
from recovery_api.clinic.words import N_

FILTERS = {
    "all": N_("All open"),
    "mine": N_("Mine"),
    "unassigned": N_("Unassigned"),
    "silent": N_("Silent"),
    "resolved": N_("Resolved today"),
}


class MadeRow(Protocol):
    """A row that was made before: it goes into the page as it is."""

    @property
    def group(self) -> words.Group:
        """Its group of the worklist."""

    @property
    def is_made(self) -> bool:
        """True."""

    def __html__(self) -> str:
        """Its part of the page."""


@dataclass(frozen=True, slots=True)
class RowGroup:
    """The rows of one group; `name` is a tier, silent or resolved."""

    name: str
    word: str
    rows: Sequence[WorklistRow | MadeRow]


@dataclass(frozen=True, slots=True)
class WorklistPage:
    """The worklist: rows come sorted, `counts` has a number for each filter and `group_counts` one for each group."""

    frame: Frame
    show: str
    counts: Mapping[str, int]
    group_counts: Mapping[str, int]
    rows: Sequence[WorklistRow | MadeRow]
    total_patients: int
    last_reply_at: datetime | None = None

    @property
    def filters(self) -> tuple[Choice, ...]:
        """The filters in their order."""
        return tuple(Choice(value, label) for value, label in FILTERS.items())

    @property
    def on_track(self) -> int:
        """Patients whom nobody needs to see."""
        return max(0, self.total_patients - self.counts["all"])

    @property
    def heading(self) -> str:
        """The state of the clinic in one line."""
        waiting = self.counts["all"]
        if not waiting:
            return _("Nobody needs you now") if self.total_patients else _("No patients yet")
        return ngettext("1 patient needs someone", "%(num)s patients need someone", waiting)

    @property
    def summary(self) -> str:
        """Who waits by group, and how many are on track."""
        said = words.counted_groups(self.group_counts)
        left, everybody = self.on_track, self.total_patients
        if said:
            return f"{said[:1].upper()}{said[1:]}. " + ngettext(
                "The other %(num)s of %(all)s is on track.",
                "The other %(num)s of %(all)s are on track.",
                left,
                all=everybody,
            )
        if not everybody:
            return ""
        return ngettext("%(num)s of %(all)s is on track.", "%(num)s of %(all)s are on track.", left, all=everybody)

    @property
    def groups(self) -> tuple[RowGroup, ...]:
        """The rows in their groups, most urgent first, in the order given within each."""
        if self.show == "resolved":
            return (RowGroup("resolved", _("Resolved today"), self.rows),) if self.rows else ()
        found = ((group, tuple(row for row in self.rows if row.group == group)) for group in words.Group)
        return tuple(RowGroup(group.value, group.word, rows) for group, rows in found if rows)


@dataclass(frozen=True, slots=True)
class HandoverPage:
    """The sheet that a shift prints for the next one."""

    frame: Frame
    rows: tuple[WorklistRow, ...]
    summary: str
