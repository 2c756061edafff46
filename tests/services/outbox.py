"""One clinic's outbox under test: texts are queued, sent by a worker that may die at any step, and looked at."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, update

from jobs.runner import JobsApp
from jobs.sender import _send_one
from recovery_api.models import tables
from recovery_api.services.change_preferences import Preferences, change_preferences
from recovery_api.services.claim_work import Claim, claim_work
from recovery_api.services.follow_delivery import follow_delivery
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts
from recovery_api.services.record_audit import SYSTEM
from recovery_api.services.send_messages import begin_attempt, call_carrier, write_outcome
from tests.builders import BuiltClinic, ClockHand, PatientPersona
from tests.services.scripted_carrier import RealTime, ScriptedCarrier

STEPS = ("claim", "mark", "call", "write")


@dataclass
class Outbox:
    """What a sender does, step by step."""

    patient: PatientPersona
    carrier: ScriptedCarrier
    clock: ClockHand
    real: RealTime

    @property
    def clinic(self) -> BuiltClinic:
        return self.patient.clinic

    @property
    def jobs_app(self) -> JobsApp:
        return JobsApp(self.clinic.app, self.clinic.wiring, "tests:0:0")

    def queue(self, text_key: str | None = "ask_pain_again", purpose: str = "conversation", **changes: Any) -> UUID:
        """Put one text to the patient into the outbox."""
        with self.clinic.open() as scope:
            point = tables.contact_point
            chosen = select(point.c.id).where(point.c.patient_id == self.patient.id).limit(1)
            point_id = scope.connection.execute(chosen).scalar_one()
            recipient = Recipient(self.patient.phone, "en", point_id, self.patient.id, self.patient.episode_id)
            [message_id] = queue_texts(scope, [Outgoing(recipient, purpose, text_key, **changes)], self.clock.now)
        return message_id

    def queue_reminder(self, **changes: Any) -> UUID:
        """A pain question that runs out in two hours."""
        lasts = {"expires_at": self.clock.now + timedelta(hours=2), "question_on": self.clock.now.date()}
        return self.queue("check_in_pain", "reminder", **{"question": "pain", **lasts, **changes})

    def live_in(self, zone: str) -> None:
        """The patient moves."""
        with self.clinic.open() as scope:
            change_preferences(scope, self.patient.id, Preferences(zone=zone), SYSTEM, self.clock.now)

    def claim(self, lane: str = "bulk") -> list[Claim]:
        """Take what is due."""
        with self.clinic.app.app_context():
            return claim_work(f"send_{lane}", "tests:0:0", self.clock.now, 10)

    def work(self, lane: str = "bulk", seconds_since_claim: float = 0.0) -> int:
        """One round of a sender that lives; returns how many texts it took in hand."""
        claims = self.claim(lane)
        for claim in claims:
            with self.clinic.app.app_context():
                _send_one(self.jobs_app, claim, 0.0, lambda: seconds_since_claim)
        return len(claims)

    def die_after(self, step: str, lane: str = "bulk") -> None:
        """One round of a sender that dies as soon as it has done `step`."""
        [claim] = self.claim(lane)
        parts = self.clinic.wiring
        with self.clinic.app.app_context():
            if step == "claim":
                return
            attempt = begin_attempt(claim, parts.vaults, "https://recovery.test", self.clock.now)
            if step == "mark" or attempt is None or attempt.must_settle:
                return
            outcome = call_carrier(attempt, self.carrier)
            if step == "write":
                write_outcome(attempt, outcome, parts.vaults, self.clock.now)

    def work_until_settled(self, message_id: UUID, lane: str = "bulk", rounds: int = 12) -> Row[Any]:
        """Rounds of living senders, a lease apart."""
        for _ in range(rounds):
            self.real.forward(seconds=61)
            self.work(lane)
        return self.row(message_id)

    def callback(self, message_id: UUID, sid: str, status: str, code: int | None = None) -> bool:
        """The carrier tells how far a text got."""
        with self.clinic.app.app_context():
            return follow_delivery(
                self.clinic.id, message_id, sid, status, code, self.clinic.wiring.vaults, self.clock.now
            )

    def row(self, message_id: UUID) -> Row[Any]:
        """The message as it stands."""
        with self.clinic.open() as scope:
            message = tables.message
            return scope.connection.execute(select(message).where(message.c.id == message_id)).one()

    def is_queued(self, message_id: UUID) -> bool:
        """Whether somebody still has to look at it."""
        return self.queue_row(message_id) is not None

    def queue_row(self, message_id: UUID) -> Any:
        """Its place in the queue; None where it has none."""
        with self.clinic.open() as scope:
            work = tables.due_work
            return scope.connection.execute(select(work).where(work.c.row_id == message_id)).one_or_none()

    def strand(self, message_id: UUID) -> None:
        """Its place in the queue is lost."""
        with self.clinic.open() as scope:
            scope.connection.execute(delete(tables.due_work).where(tables.due_work.c.row_id == message_id))

    def mark_one(self, message_id: UUID, **values: Any) -> None:
        """Change one message behind the product's back."""
        with self.clinic.open() as scope:
            scope.connection.execute(update(tables.message).where(tables.message.c.id == message_id).values(**values))

    def mark(self, table: str, **values: Any) -> None:
        """Change the patient's rows behind the product's back."""
        changed = getattr(tables, table)
        with self.clinic.open() as scope:
            scope.connection.execute(update(changed).values(**values))

    def flags(self) -> list[Row[Any]]:
        """Every flag of the clinic."""
        with self.clinic.open() as scope:
            return list(scope.connection.execute(select(tables.flag).order_by(tables.flag.c.opened_at)).all())

    def links(self) -> list[Row[Any]]:
        """Every link of the clinic between a phone and a patient."""
        with self.clinic.open() as scope:
            return list(scope.connection.execute(select(tables.contact_point)).all())

    def contact_channel(self) -> str:
        """Whether the phone is texted or called."""
        with self.clinic.open() as scope:
            return str(scope.connection.execute(select(tables.contact_point.c.channel)).scalar_one())

    def contact_state(self) -> str:
        """Whether the phone may be used."""
        with self.clinic.open() as scope:
            return str(scope.connection.execute(select(tables.contact_point.c.state)).scalar_one())
