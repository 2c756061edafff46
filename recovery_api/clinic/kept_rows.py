"""Rows of the worklist that a process made already, shown again to whoever looks while nothing of them has changed."""

import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from flask import current_app
from markupsafe import escape

from recovery_api.clinic import words
from recovery_api.clinic.frame import Frame
from recovery_api.clinic.languages import chosen_language
from recovery_api.clinic.shown import Bands, row_of, waiting_of
from recovery_api.db import ClinicScope
from recovery_api.services.read_worklist import Worklist, WorklistEntry, with_people

MOST = 4000  # rows of all clinics that a process keeps, about 10 MB; the longest unused go first
# What differs for each look: nobody can write these into a text, as they are drawn anew by every process.
_TOKEN, _WAITED = secrets.token_hex(16), secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class KeptRow:
    """One row, ready to be shown."""

    group: words.Group
    whole: str
    is_made: bool = True

    def __html__(self) -> str:
        return self.whole


class _Shelf:
    """Rows by place, each good while its stamp is."""

    def __init__(self) -> None:
        self._rows: OrderedDict[Any, tuple[Any, str]] = OrderedDict()
        self._lock = Lock()

    def find(self, place: Any, stamp: Any) -> str | None:
        """The row of a place if it was made under this stamp."""
        with self._lock:
            found = self._rows.get(place)
            if found is None or found[0] != stamp:
                return None
            self._rows.move_to_end(place)
            return found[1]

    def keep(self, place: Any, stamp: Any, row: str) -> None:
        """Keep a row, instead of what stood there."""
        with self._lock:
            self._rows[place] = stamp, row
            self._rows.move_to_end(place)
            if len(self._rows) > MOST:
                self._rows.popitem(last=False)


_shelf = _Shelf()


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks at the rows: the frame of their page, the list that they chose, and the token of their forms."""

    me: UUID
    frame: Frame
    show: str
    token: str


def kept_rows(
    scope: ClinicScope, worklist: Worklist, entries: Sequence[WorklistEntry], looker: Looker, bands: Bands
) -> list[KeptRow]:
    """The rows of some entries, in their order; only what is new since it was last shown is read and made."""
    now = looker.frame.now
    places = [_place(scope, entry, looker) for entry in entries]
    stamps = [_stamp(entry, worklist, looker) for entry in entries]
    made = [_shelf.find(place, stamp) for place, stamp in zip(places, stamps, strict=True)]
    missing = [number for number, row in enumerate(made) if row is None]
    for number, entry in zip(missing, with_people(scope, [entries[number] for number in missing], now), strict=True):
        made[number] = row = _make(entry, looker, bands)
        _shelf.keep(places[number], stamps[number], row)
    return [_shown(entry, row or "", looker) for entry, row in zip(entries, made, strict=True)]


def _place(scope: ClinicScope, entry: WorklistEntry, looker: Looker) -> tuple[Any, ...]:
    flag = entry.flags[0]
    return scope.clinic_id, flag.id, flag.owner_id == looker.me, looker.show, chosen_language()


def _stamp(entry: WorklistEntry, worklist: Worklist, looker: Looker) -> tuple[Any, ...]:
    """Another one with whatever the row shows: flags, answers, the patient, the day; and that it is late."""
    flags = tuple((flag.id, flag.version, flag.repeats, flag.last_at, flag.owner, flag.climb) for flag in entry.flags)
    flag = entry.flags[0]
    mark = worklist.marks.get(flag.patient_id) if flag.patient_id else None
    return flags, mark, looker.frame.local_day, waiting_of(flag, looker.frame.now).is_over


def _make(entry: WorklistEntry, looker: Looker, bands: Bands) -> str:
    row = row_of(entry, looker.me, looker.frame.now, bands)
    template = current_app.jinja_env.get_template("clinic/_worklist_row.html")
    page = SimpleNamespace(show=looker.show)
    return template.render(row=row, frame=looker.frame, page=page, csrf=_TOKEN, waited=_WAITED)


def _shown(entry: WorklistEntry, row: str, looker: Looker) -> KeptRow:
    flag = entry.flags[0]
    waited = str(escape(waiting_of(flag, looker.frame.now).said))
    whole = row.replace(_TOKEN, looker.token).replace(_WAITED, waited)
    return KeptRow(words.group_of(flag.tier, flag.family), whole)
