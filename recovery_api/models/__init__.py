"""The tables, one file an aggregate; importing this package makes all of them known."""

from recovery_api.models.audit import AuditEvent
from recovery_api.models.bands import KeptBand
from recovery_api.models.calls import PhoneCall
from recovery_api.models.check_ins import CheckIn
from recovery_api.models.clinics import Clinic, Clinician, SenderNumber
from recovery_api.models.credentials import Credential, Device, IdempotencyKey, OpenAnswer
from recovery_api.models.due_work import DueWork, Heartbeat
from recovery_api.models.episodes import Appointment, CarePlan, Episode, Hold, PlannedProcedure, Procedure, Protocol
from recovery_api.models.flags import Flag, FlagEvent
from recovery_api.models.ladders import Duty, Holiday, OwnLadder, Page
from recovery_api.models.log_ins import EmergencyLook, Passkey
from recovery_api.models.messages import Message
from recovery_api.models.patients import Consent, ContactPoint, Patient
from recovery_api.models.phones import ActivityDay, EnrolChallenge, Questionnaire, SyncPoint
from recovery_api.models.pushes import Knock, Push, SeenProof
from recovery_api.models.reminders import Reminder
from recovery_api.models.rule_changes import ClockMark, RuleChange, RuleChangeDecision
from recovery_api.models.senders import CarrierComparison, SenderState
from recovery_api.models.watches import Trial, Watch
from recovery_api.models.web_check_ins import WebCheckIn
from recovery_api.models.wordings import Wording, WordingDecision

__all__ = [
    "ActivityDay",
    "Appointment",
    "AuditEvent",
    "CarePlan",
    "CarrierComparison",
    "CheckIn",
    "Clinic",
    "Clinician",
    "ClockMark",
    "Consent",
    "ContactPoint",
    "Credential",
    "Device",
    "DueWork",
    "Duty",
    "EmergencyLook",
    "EnrolChallenge",
    "Episode",
    "Flag",
    "FlagEvent",
    "Heartbeat",
    "Hold",
    "Holiday",
    "IdempotencyKey",
    "KeptBand",
    "Knock",
    "Message",
    "OpenAnswer",
    "OwnLadder",
    "Page",
    "Passkey",
    "Patient",
    "PhoneCall",
    "PlannedProcedure",
    "Procedure",
    "Protocol",
    "Push",
    "Questionnaire",
    "Reminder",
    "RuleChange",
    "RuleChangeDecision",
    "SeenProof",
    "SenderNumber",
    "SenderState",
    "SyncPoint",
    "Trial",
    "Watch",
    "WebCheckIn",
    "Wording",
    "WordingDecision",
]
