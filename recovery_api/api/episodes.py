"""Episodes: the recovery after one procedure, and its course."""

from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields, validate

from recovery_api.api.auth import Call
from recovery_api.api.fields import ClockTime, Day, Instant, StrictInt, one_of
from recovery_api.api.flag_schemas import FlagSchema
from recovery_api.api.holds import HoldSchema
from recovery_api.api.resources import Resource
from recovery_api.api.schemas import Answer, Body
from recovery_api.domain.check_in import ACTIVITY_LEVELS
from recovery_api.domain.vertebrae import MOST_LEVELS
from recovery_api.packs.protocol_pack import protocol_pack
from recovery_api.services.change_episode import EpisodeChanges, change_episode
from recovery_api.services.plan_thinner import ThinnerPlan
from recovery_api.services.read_episode import EpisodeRead, look_at_episode, read_episode
from recovery_api.services.read_trajectory import Trajectory, read_trajectory
from recovery_api.services.start_episode import NewEpisode, start_episode

resource = Resource("Episodes", "Recoveries")
LEVEL = validate.Regexp(r"^(C[1-7]|T([1-9]|1[0-2])|L[1-5]|S[1-5])$")


def _published(name: str) -> None:
    if name != protocol_pack().name:
        raise ValidationError("Must be the name of a published protocol.")


class ProcedureSchema(Body):
    """The procedure: its day, and the vertebrae treated."""

    performed_on = Day(required=True)
    levels = fields.List(
        fields.String(validate=LEVEL), required=True, validate=validate.Length(1, MOST_LEVELS),
        metadata={"example": ["L1"]},
    )  # fmt: skip


class ProcedureChangeSchema(Body):
    """What to change of the procedure; where its day moves, answers are counted anew."""

    performed_on = Day()
    levels = fields.List(fields.String(validate=LEVEL), validate=validate.Length(1, MOST_LEVELS))


class BloodThinnerSchema(Body):
    """The day that the doctor named to start a blood thinner again; null where none was stopped."""

    restart_on = Day(required=True, allow_none=True, metadata={"example": None})


class BloodThinnerAnswerSchema(Answer):
    """The same, and whether the patient says that it was started again; null where nothing was said."""

    restart_on = fields.Date(required=True, allow_none=True)
    started = fields.Boolean(required=True, allow_none=True)


class ProtocolSchema(Answer):
    """The published version that the plan is pinned to."""

    name = fields.String(required=True)
    version = fields.String(required=True)


class EpisodeSchema(Answer):
    """One recovery."""

    id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    status = fields.String(required=True, validate=one_of("active", "on_hold", "ended"))
    day = fields.Integer(required=True, metadata={"description": "Days since the procedure"})
    procedure = fields.Nested(ProcedureSchema(), required=True)
    baseline_pain = fields.Integer(required=True, allow_none=True)
    protocol = fields.Nested(ProtocolSchema(), required=True)
    zone = fields.String(required=True)
    check_in_time = ClockTime(required=True)
    blood_thinner = fields.Nested(BloodThinnerAnswerSchema(), required=True)
    started_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    hold = fields.Nested(HoldSchema(), required=True, allow_none=True)


class NewEpisodeSchema(Body):
    """A recovery to be started."""

    procedure = fields.Nested(ProcedureSchema(), required=True)
    baseline_pain = StrictInt(allow_none=True, validate=validate.Range(0, 10))
    protocol = fields.String(validate=_published, metadata={"description": "The name of a published protocol"})
    check_in_time = ClockTime(metadata={"description": "The patient's local time", "example": "09:30"})
    blood_thinner = fields.Nested(BloodThinnerSchema())


class EpisodeChangeSchema(Body):
    """What to change; what is left out stays."""

    procedure = fields.Nested(ProcedureChangeSchema())
    baseline_pain = StrictInt(validate=validate.Range(0, 10))
    check_in_time = ClockTime()
    blood_thinner = fields.Nested(BloodThinnerSchema())
    status = fields.String(validate=one_of("ended"), metadata={"description": "An ended recovery stays ended"})


class PointSchema(Answer):
    """One answer."""

    check_in_id = fields.UUID(required=True, attribute="id")
    version = fields.Integer(required=True)
    channel = fields.String(required=True)
    day = fields.Integer(required=True, attribute="reading.day")
    local_date = fields.Date(required=True, attribute="reading.local_on")
    recorded_at = Instant(required=True, attribute="reading.recorded_at")
    pain = fields.Integer(required=True, allow_none=True, attribute="reading.pain")
    symptoms = fields.Function(
        lambda point: sorted(point.reading.symptoms),
        required=True,
        metadata={"type": "array", "items": {"type": "string"}},
    )
    activity = fields.String(
        required=True, allow_none=True, attribute="reading.activity", validate=one_of(*ACTIVITY_LEVELS)
    )
    minutes_walked = fields.Integer(required=True, allow_none=True, attribute="reading.minutes_walked")


class BandPointSchema(Answer):
    """The expected pain on one day."""

    day = fields.Integer(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)


class GapSchema(Answer):
    """A day that was asked about and not answered."""

    day = fields.Integer(required=True)
    local_date = fields.Date(required=True)


class TrajectorySchema(Answer):
    """The course of one recovery up to today."""

    episode = fields.Nested(EpisodeSchema(), required=True)
    points = fields.List(fields.Nested(PointSchema()), required=True)
    band = fields.List(fields.Nested(BandPointSchema()), required=True)
    band_source = fields.String(required=True)
    gaps = fields.List(fields.Nested(GapSchema()), required=True)
    flags = fields.List(fields.Nested(FlagSchema()), required=True)


EPISODE = EpisodeSchema()


def _with_thinner(procedure: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """All that a body says, what it says of the procedure and of a blood thinner among it."""
    thinner = given.pop("blood_thinner", None)
    plan = {} if thinner is None else {"thinner": ThinnerPlan(**thinner)}
    return {**procedure, **given, **plan}


@resource.operation("POST", "/patients/<uuid:patient_id>/episodes", "startEpisode")
@resource.arguments(NewEpisodeSchema())
@resource.response(201, EPISODE)
def start(call: Call, given: dict[str, Any], patient_id: UUID) -> EpisodeRead:
    """Start a recovery

    Plans the first two weeks. 409 while another recovery of the patient is running.
    """
    given.pop("protocol", None)
    new = NewEpisode(**_with_thinner(given.pop("procedure"), given))
    episode_id = start_episode(call.scope, patient_id, new, call.actor, call.now)
    return read_episode(call.scope, episode_id, call.now)


@resource.operation("GET", "/episodes/<uuid:episode_id>", "readEpisode")
@resource.response(200, EPISODE)
def read(call: Call, episode_id: UUID) -> EpisodeRead:
    """Read a recovery"""
    return look_at_episode(call.scope, episode_id, call.actor, call.now)


@resource.operation("PATCH", "/episodes/<uuid:episode_id>", "changeEpisode", edits="readEpisode")
@resource.arguments(EpisodeChangeSchema())
@resource.response(200, EPISODE)
def change(call: Call, given: dict[str, Any], episode_id: UUID) -> EpisodeRead:
    """Change a recovery

    What is still to come is planned anew.
    """
    changes = EpisodeChanges(**_with_thinner(given.pop("procedure", {}), given))
    change_episode(call.scope, episode_id, changes, call.actor, call.now)
    return read_episode(call.scope, episode_id, call.now)


@resource.operation("GET", "/episodes/<uuid:episode_id>/trajectory", "readTrajectory")
@resource.response(200, TrajectorySchema())
def trajectory(call: Call, episode_id: UUID) -> Trajectory:
    """Read the course of a recovery

    Every answer in its latest version, the expected band, the days without an answer, and the flags.
    """
    return read_trajectory(call.scope, episode_id, call.actor, call.now)
