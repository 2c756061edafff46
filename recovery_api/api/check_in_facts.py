"""The facts of a check-in as they travel: what an app sends, what it gets back."""

from typing import Any

from marshmallow import fields, post_load, validate

from recovery_api.api.fields import Day, Id, Instant, StrictInt, Words, one_of
from recovery_api.api.schemas import Answer, Body
from recovery_api.domain.check_in import ACTIVITY_LEVELS, LONGEST_NOTE, CheckInFacts
from recovery_api.domain.lateness import TIMINGS
from recovery_api.domain.symptoms import SYMPTOM_TIERS
from recovery_api.domain.tiers import Tier

CHANNELS = ("sms", "app", "web", "voice", "staff")
EXAMPLE = {
    "client_id": "0190b3a4-5f6e-7c8d-9e0f-112233445566",
    "recorded_at": "2026-11-21T08:02:11-05:00",
    "local_date": "2026-11-21",
    "pain": 4,
    "activity": {"level": "short_walks", "minutes_walked": 25},
    "medication": {"otc": 2, "prescribed": 0},
    "symptoms": ["fever"],
    "note": "sore at the spot",
}


class ActivitySchema(Body):
    """What the patient did that day."""

    level = fields.String(allow_none=True, validate=one_of(*ACTIVITY_LEVELS))
    minutes_walked = StrictInt(allow_none=True, validate=validate.Range(0, 1440))


class MedicationSchema(Body):
    """Pills taken that day; `total` where only one number is known."""

    otc = StrictInt(allow_none=True, validate=validate.Range(0, 100))
    prescribed = StrictInt(allow_none=True, validate=validate.Range(0, 100))
    total = StrictInt(allow_none=True, validate=validate.Range(0, 100))


class FactsSchema(Body):
    """At least one fact is given; null means not asked."""

    pain = StrictInt(allow_none=True, validate=validate.Range(0, 10), metadata={"description": "0 none, 10 worst"})
    activity = fields.Nested(ActivitySchema(), allow_none=True)
    medication = fields.Nested(MedicationSchema(), allow_none=True)
    symptoms = fields.List(
        fields.String(validate=one_of(*SYMPTOM_TIERS)),
        allow_none=True,
        validate=validate.Length(max=2 * len(SYMPTOM_TIERS)),
        metadata={"description": "Empty: asked, and none of them"},
    )
    note = Words(allow_none=True, validate=validate.Length(max=LONGEST_NOTE))

    @post_load
    def gather(self, given: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Put the facts together, beside what else came with them."""
        activity, medication = given.pop("activity", None) or {}, given.pop("medication", None) or {}
        symptoms = given.pop("symptoms", None)
        facts = CheckInFacts(
            pain=given.pop("pain", None),
            activity_level=activity.get("level"),
            minutes_walked=activity.get("minutes_walked"),
            pills_otc=medication.get("otc"),
            pills_prescribed=medication.get("prescribed"),
            pills_total=medication.get("total"),
            symptoms=tuple(symptoms or ()),
            answered_symptoms=symptoms is not None,
            note=given.pop("note", None) or None,
        )
        return {"facts": facts, **given}


class CheckInSchema(FactsSchema):
    """One report. The client makes the id; the same id with the same facts is the same report, for ever."""

    client_id = Id(required=True, metadata={"description": "A UUID made on the phone"})
    recorded_at = Instant(
        required=True,
        metadata={"description": "Kept within 30 days back and now; the answer's `timing` says where it was moved"},
    )
    local_date = Day(metadata={"description": "The day it is about; the day of recorded_at if left out"})


class CorrectionSchema(FactsSchema):
    """The facts as they should have been, all of them; the time and day of the first version stay."""

    client_id = Id(metadata={"description": "An id of the correction's own, so that it is never applied twice"})
    recorded_at = Instant(metadata={"description": "When it was corrected"})
    local_date = Day()


class TakenCheckInSchema(FactsSchema):
    """A report taken by phone."""

    client_id = Id()
    recorded_at = Instant(metadata={"description": "Now if left out"})
    local_date = Day()
    answered_by = fields.String(load_default="patient", validate=one_of("patient", "caregiver"))


class AdviceSchema(Answer):
    """What to do now."""

    tier = fields.String(required=True, allow_none=True, validate=one_of(*Tier))
    text = fields.String(required=True, metadata={"description": "In the patient's language"})
    phone = fields.String(required=True, allow_none=True, metadata={"description": "Whom to call, where that is wise"})
    about = fields.String(
        required=True, metadata={"description": "The page that says what is usual, what is not and when to call"}
    )


class CheckInReadSchema(Answer):
    """One version of a stored report."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    client_id = fields.UUID(required=True, allow_none=True)
    day = fields.Integer(required=True, metadata={"description": "Days since the procedure"})
    local_date = fields.Date(required=True)
    recorded_at = Instant(required=True)
    received_at = Instant(required=True)
    timing = fields.String(
        required=True,
        validate=one_of(*TIMINGS),
        metadata={"description": "`ahead` and `too_old`: the phone's clock was bounded; `claimed_at` is what it said"},
    )
    claimed_at = Instant(required=True, allow_none=True)
    minutes_late = fields.Integer(required=True, metadata={"description": "From the report to its arrival"})
    channel = fields.String(required=True, validate=one_of(*CHANNELS))
    answered_by = fields.String(
        required=True,
        validate=one_of("patient", "caregiver", "clinician"),
        metadata={"description": "Who answered; the channel tells by what, staff being a nurse on the phone"},
    )
    pain = fields.Integer(required=True, allow_none=True)
    activity = fields.Nested(ActivitySchema(), required=True, allow_none=True)
    medication = fields.Nested(MedicationSchema(), required=True, allow_none=True)
    symptoms = fields.List(fields.String(), required=True)
    note = fields.String(required=True, allow_none=True)
    advice = fields.Nested(
        AdviceSchema(), required=True, allow_none=True, metadata={"description": "Null where a text gave it"}
    )
