"""The tables themselves, for statements that need no objects."""

from sqlalchemy import Table

from recovery_api import models
from recovery_api.db import Base


def _table(model: type[Base]) -> Table:
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(model)
    return table


activity_day = _table(models.ActivityDay)
appointment = _table(models.Appointment)
audit_event = _table(models.AuditEvent)
care_plan = _table(models.CarePlan)
carrier_comparison = _table(models.CarrierComparison)
check_in = _table(models.CheckIn)
clinic = _table(models.Clinic)
clinician = _table(models.Clinician)
clock_mark = _table(models.ClockMark)
consent = _table(models.Consent)
contact_point = _table(models.ContactPoint)
credential = _table(models.Credential)
device = _table(models.Device)
due_work = _table(models.DueWork)
duty = _table(models.Duty)
emergency_look = _table(models.EmergencyLook)
enrol_challenge = _table(models.EnrolChallenge)
episode = _table(models.Episode)
flag = _table(models.Flag)
flag_event = _table(models.FlagEvent)
heartbeat = _table(models.Heartbeat)
hold = _table(models.Hold)
holiday = _table(models.Holiday)
idempotency_key = _table(models.IdempotencyKey)
kept_band = _table(models.KeptBand)
knock = _table(models.Knock)
ladder = _table(models.OwnLadder)
message = _table(models.Message)
open_answer = _table(models.OpenAnswer)
page = _table(models.Page)
passkey = _table(models.Passkey)
patient = _table(models.Patient)
phone_call = _table(models.PhoneCall)
planned_procedure = _table(models.PlannedProcedure)
procedure = _table(models.Procedure)
protocol = _table(models.Protocol)
push = _table(models.Push)
questionnaire = _table(models.Questionnaire)
reminder = _table(models.Reminder)
seen_proof = _table(models.SeenProof)
rule_change = _table(models.RuleChange)
rule_change_decision = _table(models.RuleChangeDecision)
sender_number = _table(models.SenderNumber)
sender_state = _table(models.SenderState)
sync_point = _table(models.SyncPoint)
trial = _table(models.Trial)
watch = _table(models.Watch)
web_check_in = _table(models.WebCheckIn)
wording = _table(models.Wording)
wording_decision = _table(models.WordingDecision)
