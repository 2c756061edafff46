"""The tables themselves, for statements that need no objects."""

from sqlalchemy import Table

from recovery_api import models
from recovery_api.db import Base


def _table(model: type[Base]) -> Table:
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(model)
    return table


appointment = _table(models.Appointment)
audit_event = _table(models.AuditEvent)
care_plan = _table(models.CarePlan)
check_in = _table(models.CheckIn)
clinic = _table(models.Clinic)
clinician = _table(models.Clinician)
consent = _table(models.Consent)
contact_point = _table(models.ContactPoint)
credential = _table(models.Credential)
device = _table(models.Device)
due_work = _table(models.DueWork)
episode = _table(models.Episode)
flag = _table(models.Flag)
flag_event = _table(models.FlagEvent)
heartbeat = _table(models.Heartbeat)
idempotency_key = _table(models.IdempotencyKey)
message = _table(models.Message)
patient = _table(models.Patient)
procedure = _table(models.Procedure)
protocol = _table(models.Protocol)
reminder = _table(models.Reminder)
sender_number = _table(models.SenderNumber)
