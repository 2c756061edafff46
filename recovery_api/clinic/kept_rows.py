"""Rows of the worklist that a process made already, shown again to whoever looks while nothing of them has changed."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from flask import current_app
from markupsafe import escape

from recovery_api.clinic import words
from recovery_api.clinic.frame import Frame, Waiting
from recovery_api.clinic.shown import Bands, row_of, waiting_of
from recovery_api.db import ClinicScope
from recovery_api.services.read_worklist import Worklist, WorklistEntry, with_people
from recovery_api.services.shelf import Shelf

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


_shelf = Shelf[str](MOST)


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks at the rows: the frame of their page, the list that they chose, and the token of their forms."""

    me: UUID
    frame: Frame
    show: str
    token: str
    language: str


def kept_rows(
    scope: ClinicScope, worklist: Worklist, entries: Sequence[WorklistEntry], looker: Looker, bands: Bands
) -> list[KeptRow]:
    """The rows of some entries, in their order; only what is new since it was last shown is read and made."""
    now = looker.frame.now
    places = [_place(scope, entry, looker) for entry in entries]
    waits = [waiting_of(entry.flags[0], now) for entry in entries]
    stamps = [_stamp(entry, worklist, looker, is_over=wait.is_over) for entry, wait in zip(entries, waits, strict=True)]
    made = [_shelf.find(place, stamp) for place, stamp in zip(places, stamps, strict=True)]
    missing = [number for number, row in enumerate(made) if row is None]
    for number, entry in zip(missing, with_people(scope, [entries[number] for number in missing], now), strict=True):
        made[number] = row = _make(entry, looker, bands)
        _shelf.keep(places[number], stamps[number], row)
    return [_shown(entry, row or "", wait, looker) for entry, row, wait in zip(entries, made, waits, strict=True)]


def _place(scope: ClinicScope, entry: WorklistEntry, looker: Looker) -> tuple[Any, ...]:
    flag = entry.flags[0]
    return scope.clinic_id, flag.id, flag.owner_id == looker.me, looker.show, looker.language


def _stamp(entry: WorklistEntry, worklist: Worklist, looker: Looker, *, is_over: bool) -> tuple[Any, ...]:
    """Another one with whatever the row shows: flags, answers, the patient, the day; and that it is late."""
    flags = tuple((flag.id, flag.version, flag.repeats, flag.last_at, flag.owner, flag.climb) for flag in entry.flags)
    flag = entry.flags[0]
    mark = worklist.marks.get(flag.patient_id) if flag.patient_id else None
    return flags, mark, looker.frame.local_day, is_over


def _make(entry: WorklistEntry, looker: Looker, bands: Bands) -> str:
    row = row_of(entry, looker.me, looker.frame.now, bands)
    template = current_app.jinja_env.get_template("clinic/_worklist_row.html")
    page = SimpleNamespace(show=looker.show)
    return template.render(row=row, frame=looker.frame, page=page, csrf=_TOKEN, waited=_WAITED)


def _shown(entry: WorklistEntry, row: str, waiting: Waiting, looker: Looker) -> KeptRow:
    flag = entry.flags[0]
    whole = row.replace(_TOKEN, looker.token).replace(_WAITED, str(escape(waiting.said)))
    return KeptRow(words.group_of(flag.tier, flag.family), whole)
