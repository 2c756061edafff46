"""The tables, one file an aggregate; importing this package makes all of them known."""

from recovery_api.models.audit import AuditEvent
from recovery_api.models.check_ins import CheckIn
from recovery_api.models.clinics import Clinic, Clinician, SenderNumber
from recovery_api.models.credentials import Credential, Device, IdempotencyKey
from recovery_api.models.due_work import DueWork, Heartbeat
from recovery_api.models.episodes import Appointment, CarePlan, Episode, Procedure, Protocol
from recovery_api.models.flags import Flag, FlagEvent
from recovery_api.models.messages import Message
from recovery_api.models.patients import Consent, ContactPoint, Patient
from recovery_api.models.reminders import Reminder

__all__ = [
    "Appointment",
    "AuditEvent",
    "CarePlan",
    "CheckIn",
    "Clinic",
    "Clinician",
    "Consent",
    "ContactPoint",
    "Credential",
    "Device",
    "DueWork",
    "Episode",
    "Flag",
    "FlagEvent",
    "Heartbeat",
    "IdempotencyKey",
    "Message",
    "Patient",
    "Procedure",
    "Protocol",
    "Reminder",
    "SenderNumber",
]
