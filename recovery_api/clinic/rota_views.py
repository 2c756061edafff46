"""The rota: who is on duty when, hand-overs and holidays; leads change it, and whoever is on hands over."""

from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from recovery_api.clinic.clinic_views import for_leads, frame_here, is_lead, lead_deed
from recovery_api.clinic.duty_words import DAYS, TOLD
from recovery_api.clinic.frame import Choice, Frame
from recovery_api.clinic.session import colleague, form_token, signed_in
from recovery_api.clinic.tongue import gettext as _
from recovery_api.db import clinic_transaction
from recovery_api.domain.errors import Invalid
from recovery_api.domain.ladder import DUTIES
from recovery_api.domain.rota import HOLIDAY
from recovery_api.domain.written_days import iso_day
from recovery_api.services.change_rota import (
    NamedShift,
    NewShift,
    RotaRead,
    add_holiday,
    add_shift,
    hand_over_duty,
    read_rota,
    remove_holiday,
    remove_shift,
)
from recovery_api.wiring import wiring

blueprint = Blueprint("rota", __name__)


@dataclass(frozen=True, slots=True)
class ShiftLine:
    """One shift in words."""

    shift_id: str
    duty: str
    who: str
    when: str
    hours: str
    is_single: bool


@dataclass(frozen=True, slots=True)
class DutyNow:
    """Who has a duty now."""

    duty: str
    word: str
    people: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class RotaPage:
    """The rota that stands, who is on now, and the forms that change it."""

    frame: Frame
    now_on: tuple[DutyNow, ...]
    shifts: tuple[ShiftLine, ...]
    holidays: tuple[tuple[str, str], ...]
    people: tuple[Choice, ...]
    duties: tuple[Choice, ...]
    days: tuple[Choice, ...]
    may_change: bool


@blueprint.get("/clinic/rota")
@signed_in
def rota() -> str:
    """Who is on duty when."""
    now = wiring().clock.now()
    with clinic_transaction(colleague().clinic_id, wiring().vaults) as scope:
        page = _rota_page(read_rota(scope, now), frame_here(scope, now))
    return render_template("clinic/rota.html", page=page, csrf=form_token())


@blueprint.post("/clinic/rota/shifts")
@for_leads
def new_shift() -> Response:
    """Add a shift."""
    return lead_deed(
        lambda scope, actor, now: add_shift(scope, _new_shift(), actor, now), _("The shift is added."), "/clinic/rota"
    )


@blueprint.post("/clinic/rota/shifts/<uuid:shift_id>/remove")
@for_leads
def end_shift(shift_id: UUID) -> Response:
    """Take a shift away."""
    return lead_deed(
        lambda scope, actor, now: remove_shift(scope, shift_id, actor, now), _("The shift is gone."), "/clinic/rota"
    )


@blueprint.post("/clinic/rota/holidays")
@for_leads
def new_holiday() -> Response:
    """Add a holiday."""
    return lead_deed(
        lambda scope, actor, now: add_holiday(scope, _day("day"), actor, now),
        _("The holiday is added."),
        "/clinic/rota",
    )


@blueprint.post("/clinic/rota/holidays/remove")
@for_leads
def end_holiday() -> Response:
    """Take a holiday away."""
    return lead_deed(
        lambda scope, actor, now: remove_holiday(scope, _day("day"), actor, now),
        _("The holiday is gone."),
        "/clinic/rota",
    )


@blueprint.post("/clinic/rota/hand-over")
@signed_in
def give_duty() -> Response:
    """Hand the rest of a running shift over: one's own, or anybody's where a lead does it."""
    giver = _person("from")
    if giver != colleague().id and not is_lead():
        abort(403)
    people, duty = (giver, _person("to")), request.form.get("duty", "")
    return lead_deed(
        lambda scope, actor, now: hand_over_duty(scope, duty, people, actor, now),
        _("The duty is handed over."),
        "/clinic/rota",
    )


def _rota_page(found: RotaRead, frame: Frame) -> RotaPage:
    def named(ids: list[UUID]) -> tuple[Choice, ...]:
        return tuple(Choice(str(one), found.names.get(one, "?")) for one in ids)

    return RotaPage(
        frame=frame,
        now_on=tuple(DutyNow(duty, _(TOLD[duty]), named(found.now_on[duty])) for duty in DUTIES),
        shifts=tuple(_shift_line(one, found, frame) for one in sorted(found.shifts, key=_by_duty)),
        holidays=tuple((str(day), frame.day(day)) for day in found.holidays),
        people=named(list(found.names)),
        duties=tuple(Choice(duty, _(TOLD[duty])) for duty in DUTIES),
        days=tuple(Choice(str(at), _(name)) for at, name in enumerate(DAYS)),
        may_change=is_lead(),
    )


def _by_duty(one: NamedShift) -> int:
    """The duties in the order in which they are told of a flag; within one as the rota has them."""
    return DUTIES.index(one.shift.duty)


def _shift_line(one: NamedShift, found: RotaRead, frame: Frame) -> ShiftLine:
    shift = one.shift
    when = frame.day(shift.on) if shift.on else _(DAYS[shift.weekday or 0])
    hours = _("all day") if shift.starts == shift.ends else f"{shift.starts:%H:%M}–{shift.ends:%H:%M}"
    who = found.names.get(shift.clinician_id, "?")
    return ShiftLine(str(one.id), _(TOLD[shift.duty]), who, when, hours, shift.on is not None)


def _new_shift() -> NewShift:
    weekdays = tuple(day for day in range(HOLIDAY + 1) if request.form.get(f"day_{day}"))
    on = _day("on") if request.form.get("on") else None
    return NewShift(_person("who"), request.form.get("duty", ""), _time("starts"), _time("ends"), weekdays, on)


def _person(name: str) -> UUID:
    try:
        return UUID(request.form.get(name, ""))
    except ValueError:
        abort(422)


def _day(name: str) -> date:
    try:
        return iso_day(request.form.get(name, ""))
    except ValueError:
        raise Invalid(_("Give a day."), field=name) from None


def _time(name: str) -> time:
    try:
        return time.fromisoformat(request.form.get(name, "")).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise Invalid(_("Give a time such as 09:30."), field=name) from None
