"""Enrol patients from a spreadsheet: every bad row is told with its line, and either all are enrolled or nobody."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import RecoveryError
from recovery_api.domain.sheet import LONGEST_CELL, Row, decode, read_rows
from recovery_api.services.read_enrolment import FIELDS, NEEDED, Enrolment, Trouble, Unreadable, read_enrolment
from recovery_api.services.record_audit import Actor, record_audit
from recovery_api.services.take_enrolment import Sharer, check_phone_is_free, find_sharers, take_enrolment

OTHER_HEADS = {
    "first_name": "given_name",
    "last_name": "family_name",
    "surname": "family_name",
    "birth_date": "born_on",
    "date_of_birth": "born_on",
    "dob": "born_on",
    "mobile": "phone",
    "phone_number": "phone",
    "time_zone": "zone",
    "mrn": "record_number",
    "procedure_date": "procedure_on",
    "day_of_procedure": "procedure_on",
    "level": "levels",
    "pain_before": "baseline_pain",
}
HEADS: Mapping[str, str] = {name: name for name in FIELDS} | OTHER_HEADS


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be enrolled: its line in the file, and why."""

    line: int
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True)
class GoodRow:
    """A row that can be enrolled."""

    line: int
    enrolment: Enrolment


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a spreadsheet holds: whom it would enrol, and every row that it cannot."""

    good: tuple[GoodRow, ...]
    bad: tuple[BadRow, ...]


class RowsRefused(Exception):
    """A spreadsheet with rows that cannot be enrolled; nobody was."""

    def __init__(self, bad: Sequence[BadRow]) -> None:
        super().__init__(f"{len(bad)} bad rows")
        self.bad = tuple(bad)


def read_sheet(scope: ClinicScope, content: bytes, now: datetime) -> Sheet:
    """Read a spreadsheet saved as CSV, and hold every row against the clinic's patients. Raises Invalid."""
    read: list[GoodRow] = []
    troubles: dict[int, list[Trouble]] = {}
    for row in read_rows(decode(content), HEADS, NEEDED):
        enrolment, troubles[row.line] = _read(row, scope, now)
        if enrolment is not None:
            read.append(GoodRow(row.line, enrolment))
    for line, clash in _clashes(scope, [row for row in read if row.enrolment.person.phone]):
        troubles[line].append(clash)
    bad = (BadRow(line, tuple(sorted(found, key=_place))) for line, found in sorted(troubles.items()) if found)
    return Sheet(tuple(row for row in read if not troubles[row.line]), tuple(bad))


def import_patients(
    scope: ClinicScope, sheet: Sheet, actor: Actor, now: datetime, done: Callable[[int], object] = lambda count: None
) -> int:
    """Enrol everybody of a sheet; returns how many. Raises RowsRefused. The caller commits all of it, or nothing.

    `done` is told of each row: how many more are done.
    """
    if sheet.bad:
        raise RowsRefused(sheet.bad)
    for row in sheet.good:
        try:
            take_enrolment(scope, row.enrolment, actor, now)
        except Unreadable as refused:
            raise RowsRefused([BadRow(row.line, tuple(refused.troubles))]) from None
        except RecoveryError as refused:
            raise RowsRefused([BadRow(row.line, (Trouble(refused.field or "", refused.message),))]) from None
        done(1)
    record_audit(
        scope, actor, "patients.imported", ("clinic", scope.clinic_id), now, None, {"patients": len(sheet.good)}
    )
    return len(sheet.good)


def _place(trouble: Trouble) -> int:
    return FIELDS.index(trouble.field) if trouble.field in FIELDS else -1


def _read(row: Row, scope: ClinicScope, now: datetime) -> tuple[Enrolment | None, list[Trouble]]:
    """What a row says, as far as it can be read, and everything that is wrong in it."""
    if row.has_too_many:
        return None, [Trouble("", "has more cells than there are columns")]
    long = {name: "" for name, cell in row.cells.items() if len(cell) > LONGEST_CELL}
    troubles = [Trouble(name, f"must have at most {LONGEST_CELL} characters") for name in long]
    try:
        return read_enrolment({**row.cells, **long}, scope.zone.key, now), troubles
    except Unreadable as refused:
        return refused.read, [*troubles, *(one for one in refused.troubles if one.field not in long)]


def _clashes(scope: ClinicScope, rows: Sequence[GoodRow]) -> Iterable[tuple[int, Trouble]]:
    """Lines whose phone is taken: by a patient of the clinic, or by a row further up, whatever else is wrong there."""
    known = find_sharers(scope, {row.enrolment.person.phone for row in rows})
    above: dict[str, list[GoodRow]] = {}
    for row in rows:
        phone = row.enrolment.person.phone
        others = above.setdefault(phone, [])
        for check in (
            partial(check_phone_is_free, row.enrolment, known.get(phone, ())),
            partial(_check_above, row, others),
        ):
            try:
                check()
            except Unreadable as refused:
                yield from ((row.line, trouble) for trouble in refused.troubles)
        others.append(row)


def _check_above(row: GoodRow, others: Sequence[GoodRow]) -> None:
    for other in others:
        new = other.enrolment.person
        if new.born_on != date.min and Sharer(None, new.given_name, new.family_name, new.born_on).is_same(
            row.enrolment
        ):
            raise Unreadable([Trouble("phone", f"is of the same person in line {other.line}")])
    if others and not (row.enrolment.shares_phone and all(other.enrolment.shares_phone for other in others)):
        raise Unreadable(
            [Trouble("phone", f"is also in line {others[0].line}: write yes under shares_phone in both, or correct it")]
        )
