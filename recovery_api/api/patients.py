"""Patients: added, found, read and changed by staff."""

from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from recovery_api.api.auth import Call
from recovery_api.api.episodes import EpisodeSchema
from recovery_api.api.fields import PHONE, ZONE, Day, Instant, StrictBool, Words, name_like, one_of
from recovery_api.api.paging import Page, PageQuery, after, cut, page_of
from recovery_api.api.problems import LANGUAGES
from recovery_api.api.resources import Resource
from recovery_api.api.schemas import Answer, Body, NothingSchema
from recovery_api.domain.labels import LONGEST_LABEL
from recovery_api.services.add_patient import NewPerson, add_patient
from recovery_api.services.change_patient import change_patient
from recovery_api.services.change_phones import add_phone, put_wrong_phone_away
from recovery_api.services.find_patients import find_patients
from recovery_api.services.read_record import PatientRecord, read_record

resource = Resource("Patients", "The people in recovery")
SEXES = ("female", "male", "other", "unknown")
STATUSES = ("active", "deceased", "left")
CHANNELS = ("sms", "voice")
CHANNEL = {"description": "Whether it is texted, or called as a landline is"}
CONTACT_STATES = ("invited", "active", "opted_out", "unusable", "wrong_person")


class PatientSchema(Answer):
    """A patient; `episode_id` is the newest recovery."""

    id = fields.UUID(required=True)
    given_name = fields.String(required=True)
    family_name = fields.String(required=True)
    born_on = fields.Date(required=True)
    sex = fields.String(required=True, validate=one_of(*SEXES))
    language = fields.String(required=True, validate=one_of(*LANGUAGES))
    zone = fields.String(required=True)
    record_number = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, validate=one_of(*STATUSES))
    episode_id = fields.UUID(required=True, allow_none=True)
    created_at = Instant(required=True)


class PhoneSchema(Answer):
    """One phone that speaks for the patient."""

    id = fields.UUID(required=True)
    label = fields.String(required=True)
    number = fields.String(required=True, metadata={"description": "E.164"})
    whose = fields.String(required=True, validate=one_of("patient", "caregiver"))
    state = fields.String(required=True, validate=one_of(*CONTACT_STATES))
    channel = fields.String(required=True, validate=one_of(*CHANNELS), metadata=CHANNEL)
    web_check_in = fields.Boolean(
        required=True, metadata={"description": "Gets a link to the web check-in in place of the plain question"}
    )


class NewPhoneSchema(Body):
    """One more phone; it is asked to join, and nothing else is sent to it before it does."""

    phone = Words(required=True, validate=validate.Length(min=5, max=40), metadata=PHONE)
    whose = fields.String(load_default="caregiver", validate=one_of("patient", "caregiver"))
    channel = fields.String(load_default="sms", validate=one_of(*CHANNELS), metadata=CHANNEL)
    label = Words(
        load_default="",
        validate=validate.Length(max=LONGEST_LABEL),
        metadata={"description": "By which texts to this phone say whom they are about; no name"},
    )


class PatientRecordSchema(PatientSchema):
    """A patient with phones and recoveries."""

    phones = fields.List(fields.Nested(PhoneSchema()), required=True)
    episodes = fields.List(fields.Nested(EpisodeSchema()), required=True)


class NewPatientSchema(Body):
    """A patient to be added; the recovery is started with an episode."""

    given_name = Words(required=True, validate=name_like())
    family_name = Words(required=True, validate=name_like())
    born_on = Day(required=True)
    phone = Words(required=True, validate=validate.Length(min=5, max=40), metadata=PHONE)
    channel = fields.String(load_default="sms", validate=one_of(*CHANNELS), metadata=CHANNEL)
    sex = fields.String(load_default="unknown", validate=one_of(*SEXES))
    language = fields.String(load_default="en", validate=one_of(*LANGUAGES))
    zone = Words(metadata=ZONE | {"description": "An IANA time zone; the clinic's if left out"})
    record_number = Words(allow_none=True, validate=name_like(40))
    label = Words(validate=name_like(20), metadata={"description": "By which a shared phone asks who speaks"})


class PatientChangeSchema(Body):
    """What to change; what is left out stays."""

    given_name = Words(validate=name_like())
    family_name = Words(validate=name_like())
    born_on = Day()
    sex = fields.String(validate=one_of(*SEXES))
    language = fields.String(validate=one_of(*LANGUAGES))
    zone = Words(metadata=ZONE)
    record_number = Words(allow_none=True, validate=name_like(40))
    status = fields.String(validate=one_of(*STATUSES), metadata={"description": "No text goes to who died or left"})
    web_check_in = StrictBool(
        metadata={"description": "Whether the patient chose the link to the web check-in"},
    )


class PatientQuery(PageQuery):
    """The query of the list of patients."""

    q = Words(
        validate=validate.Length(max=100),
        metadata={"description": "Beginnings of names or of the record number; all of them must fit"},
    )


RECORD = PatientRecordSchema()
_PLAIN = tuple(PatientSchema().fields)


@resource.operation("GET", "/patients", "listPatients")
@resource.arguments(PatientQuery(), location="query")
@resource.response(200, page_of(PatientSchema()))
def list_patients(call: Call, query: dict[str, Any]) -> Page:
    """List or find patients

    In the order in which they were added.
    """
    place = after(query.get("cursor"), UUID)
    last = place[0] if place else None
    found = find_patients(call.scope, query.get("q", ""), last, query["limit"] + 1, call.actor, call.now)
    return cut(found, query["limit"], lambda patient: (patient.id,))


@resource.operation("POST", "/patients", "addPatient")
@resource.arguments(NewPatientSchema())
@resource.response(201, RECORD)
def add(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    """Add a patient"""
    person = NewPerson(**({"zone": call.scope.zone.key} | given))
    added = add_patient(call.scope, person, call.actor, call.now)
    return _record(read_record(call.scope, added.patient_id, call.actor, call.now))


@resource.operation("GET", "/patients/<uuid:patient_id>", "readPatient")
@resource.response(200, RECORD)
def read(call: Call, patient_id: UUID) -> dict[str, Any]:
    """Read a patient"""
    return _record(read_record(call.scope, patient_id, call.actor, call.now))


@resource.operation("PATCH", "/patients/<uuid:patient_id>", "changePatient", edits="readPatient")
@resource.arguments(PatientChangeSchema())
@resource.response(200, RECORD)
def change(call: Call, given: dict[str, Any], patient_id: UUID) -> dict[str, Any]:
    """Change a patient"""
    change_patient(call.scope, patient_id, given, call.actor, call.now)
    return _record(read_record(call.scope, patient_id, call.actor, call.now))


@resource.operation("POST", "/patients/<uuid:patient_id>/phones", "addPhone")
@resource.arguments(NewPhoneSchema())
@resource.response(201, RECORD)
def add_one_phone(call: Call, given: dict[str, Any], patient_id: UUID) -> dict[str, Any]:
    """Add a phone, such as a caregiver's

    It is asked to join in its own words, in the hours for texts; START joins.
    """
    add_phone(call.scope, patient_id, given.pop("phone"), call.actor, call.now, **given)
    return _record(read_record(call.scope, patient_id, call.actor, call.now))


@resource.operation("POST", "/patients/<uuid:patient_id>/phones/<uuid:phone_id>/wrong", "putWrongPhoneAway")
@resource.arguments(NothingSchema(), required=False)
@resource.response(200, RECORD)
def put_away(call: Call, _: dict[str, Any], patient_id: UUID, phone_id: UUID) -> dict[str, Any]:
    """Confirm that a phone is not this patient's

    No text goes there any more, and no text from there brings it back; danger in one is flagged all the same.
    """
    put_wrong_phone_away(call.scope, patient_id, phone_id, call.actor, call.now)
    return _record(read_record(call.scope, patient_id, call.actor, call.now))


def _record(record: PatientRecord) -> dict[str, Any]:
    plain = {name: getattr(record.patient, name) for name in _PLAIN}
    return plain | {"phones": record.phones, "episodes": record.episodes}
