"""Appointments: follow-up visits, booked and moved by staff, confirmed by the patient."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields

from recovery_api.api.auth import Call
from recovery_api.api.fields import Instant, one_of
from recovery_api.api.paging import Page, PageQuery, after, cut, page_of
from recovery_api.api.resources import Resource
from recovery_api.api.schemas import Answer, Body, NothingSchema
from recovery_api.services.book_visits import (
    SETTLED,
    ask_to_change_visit_by_id,
    book_visit,
    change_visit,
    confirm_visit_by_id,
)
from recovery_api.services.read_me import read_me
from recovery_api.services.read_today import Visit, list_visits
from recovery_api.services.visit_calendar import visit_calendar

resource = Resource("Appointments", "Follow-up visits")
STATUSES = ("booked", "confirmed", "change_asked", "cancelled", "kept", "missed")


class AppointmentSchema(Answer):
    """One follow-up visit."""

    id = fields.UUID(required=True)
    episode_id = fields.UUID(required=True)
    starts_at = Instant(required=True)
    status = fields.String(required=True, validate=one_of(*STATUSES))


class NewAppointmentSchema(Body):
    """A visit to be booked."""

    starts_at = Instant(required=True, metadata={"example": "2026-12-01T10:30:00-05:00"})


class AppointmentChangeSchema(Body):
    """Another time books it anew; a status says what became of it."""

    starts_at = Instant()
    status = fields.String(validate=one_of(*SETTLED))


APPOINTMENT = AppointmentSchema()


@resource.operation("GET", "/me/appointments", "listMyAppointments")
@resource.arguments(PageQuery(), location="query")
@resource.response(200, page_of(APPOINTMENT))
def my_appointments(call: Call, query: dict[str, Any]) -> Page:
    """List own visits

    Earliest first, past ones included.
    """
    place = after(query.get("cursor"), datetime, UUID)
    visits = list_visits(call.scope, call.caller.id)
    visits = [one for one in visits if place is None or (one.starts_at, one.id) > place]
    return cut(visits, query["limit"], lambda one: (one.starts_at, one.id))


@resource.operation("GET", "/me/appointments/<uuid:appointment_id>/calendar.ics", "readMyCalendar")
@resource.response(200, {"type": "string"}, content_type="text/calendar")
def calendar(call: Call, appointment_id: UUID) -> Response:
    """Read a visit as a calendar entry

    Opened on a phone it goes into the calendar; opened again after the visit was moved, it moves.
    """
    [visit] = [one for one in list_visits(call.scope, call.caller.id) if one.id == appointment_id]
    language = read_me(call.scope, call.caller.id).language
    said = visit_calendar(visit, call.scope.name, call.scope.phone, language, call.now)
    return Response(said, content_type="text/calendar; charset=utf-8")


@resource.operation("POST", "/me/appointments/<uuid:appointment_id>/confirm", "confirmMyAppointment")
@resource.arguments(NothingSchema(), required=False)
@resource.response(200, APPOINTMENT)
def confirm(call: Call, _: dict[str, Any], appointment_id: UUID) -> Visit:
    """Confirm a visit"""
    return confirm_visit_by_id(call.scope, appointment_id, call.actor, call.now)


@resource.operation("POST", "/me/appointments/<uuid:appointment_id>/change", "askToChangeMyAppointment")
@resource.arguments(NothingSchema(), required=False)
@resource.response(200, APPOINTMENT)
def ask_to_change(call: Call, _: dict[str, Any], appointment_id: UUID) -> Visit:
    """Ask for another time

    Puts a flag before the clinic; the visit stands until somebody moves it.
    """
    return ask_to_change_visit_by_id(call.scope, appointment_id, call.actor, call.now)


@resource.operation("POST", "/episodes/<uuid:episode_id>/appointments", "bookAppointment")
@resource.arguments(NewAppointmentSchema())
@resource.response(201, APPOINTMENT)
def book(call: Call, given: dict[str, Any], episode_id: UUID) -> Visit:
    """Book a visit

    Its reminder is planned with it.
    """
    return book_visit(call.scope, episode_id, given["starts_at"], call.actor, call.now)


@resource.operation("PATCH", "/appointments/<uuid:appointment_id>", "changeAppointment")
@resource.arguments(AppointmentChangeSchema())
@resource.response(200, APPOINTMENT)
def change(call: Call, given: dict[str, Any], appointment_id: UUID) -> Visit:
    """Move a visit, or say what became of it"""
    return change_visit(call.scope, appointment_id, given.get("starts_at"), given.get("status"), call.actor, call.now)
