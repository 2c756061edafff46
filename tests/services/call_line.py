"""A landline under test: calls are placed, answered with keys, and followed to their end, without a carrier."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, select, update

from jobs.calls import place_one
from jobs.runner import JobsApp
from recovery_api.gateways.sms import Accepted, CarrierUnreachable, SendOutcome, Unknown
from recovery_api.gateways.voice import OutboundCall
from recovery_api.models import tables
from recovery_api.services.answer_call import Keys, answer_in, answer_out, hear_keys
from recovery_api.services.claim_work import claim_work
from recovery_api.services.end_call import follow_call
from recovery_api.services.hand_over_reminders import hand_over_due
from recovery_api.services.queue_calls import KIND
from recovery_api.services.speak_call import Spoken
from tests.builders import BuiltClinic, ClockHand, PatientPersona


@dataclass
class ScriptedExchange:
    """Takes every call, unless its script says otherwise; `made` are the calls that really rang."""

    script: list[SendOutcome | str] = field(default_factory=list)
    made: dict[str, OutboundCall] = field(default_factory=dict)
    list_is_reachable: bool = True
    times_asked: int = 0

    def place(self, call: OutboundCall) -> SendOutcome:
        entry = self.script.pop(0) if self.script else None
        if entry is not None and not isinstance(entry, str):
            return entry
        if entry == "lost request":
            return Unknown(entry)
        sid = f"CA{uuid4().hex}"
        self.made[sid] = call
        return Accepted(sid, "queued") if entry is None else Unknown(entry)

    def find_call(self, call: OutboundCall, since: object, taken: Any = frozenset()) -> str | None:
        if not self.list_is_reachable:
            raise CarrierUnreachable("refused")
        self.times_asked += 1
        mine = (sid for sid, made in self.made.items() if (made.to, made.from_) == (call.to, call.from_))
        return next((sid for sid in mine if sid not in taken), None)


@dataclass
class CallLine:
    """Ann's landline."""

    patient: PatientPersona
    exchange: ScriptedExchange
    clock: ClockHand

    @property
    def clinic(self) -> BuiltClinic:
        return self.patient.clinic

    def be_a_landline(self) -> None:
        """From now on this phone is called."""
        self.mark("contact_point", channel="voice")

    def mark(self, table: str, only: dict[str, Any] | None = None, **values: Any) -> None:
        """Change rows behind the product's back."""
        with self.clinic.open() as scope:
            scope.connection.execute(update(getattr(tables, table)).filter_by(**(only or {})).values(**values))

    def rows(self, table: str) -> list[Row[Any]]:
        """Every row of the clinic in one table."""
        with self.clinic.open() as scope:
            return list(scope.connection.execute(select(getattr(tables, table))).all())

    def calls(self) -> list[Row[Any]]:
        """Every call, oldest try first."""
        return sorted(self.rows("phone_call"), key=lambda call: (call.created_at, call.try_number))

    def due(self) -> None:
        """The day's check-in falls due, and is handed over."""
        reminder = tables.reminder
        with self.clinic.open() as scope:
            due_at = scope.connection.execute(
                select(reminder.c.due_at)
                .where(reminder.c.kind == "check_in", reminder.c.state == "planned", reminder.c.due_at > self.clock.now)
                .order_by(reminder.c.due_at)
                .limit(1)
            ).scalar_one()
        self.clock.set(due_at + timedelta(seconds=1))
        with self.clinic.app.app_context():
            hand_over_due("tests:0:0", self.clinic.wiring.vaults, self.clock.now)

    def place(self) -> int:
        """One round of a sender; returns how many calls it took in hand."""
        jobs_app = JobsApp(self.clinic.app, self.clinic.wiring, "tests:0:0")
        with self.clinic.app.app_context():
            claims = claim_work(KIND, "tests:0:0", self.clock.now, 10)
        for claim in claims:
            with self.clinic.app.app_context():
                place_one(jobs_app, claim, 0.0, lambda: 0.0)
        return len(claims)

    def ring(self) -> UUID:
        """The day's call rings; returns its id."""
        self.due()
        assert self.place() == 1
        return self.calls()[-1].id

    def pick_up(self, answered_by: str = "human") -> Spoken:
        """Somebody, or a machine, takes the last call."""
        call = self.calls()[-1]
        with self.clinic.app.app_context():
            return answer_out(self.clinic.id, call.id, call.sid, answered_by, self.clinic.wiring.vaults, self.clock.now)

    def call_in(self, phone: str = "", sid: str = "") -> Spoken:
        """A phone calls the clinic's number."""
        sid = sid or f"CA{uuid4().hex}"
        with self.clinic.app.app_context():
            return answer_in(
                self.clinic.number, phone or self.patient.phone, sid, self.clinic.wiring.vaults, self.clock.now
            )

    def press(self, spoken: Spoken, *turns: str, dialed: str | None = None) -> Spoken:
        """Press keys, one entry a turn."""
        for digits in turns or ("",):
            call = next(one for one in self.calls() if one.id == spoken.call_id)
            keys = Keys(spoken.step, digits, dialed)
            with self.clinic.app.app_context():
                spoken = hear_keys(
                    self.clinic.id, spoken.call_id, call.sid, keys, self.clinic.wiring.vaults, self.clock.now
                )
        return spoken

    def end(self, status: str = "completed") -> bool:
        """The carrier tells how the last call ended."""
        call = self.calls()[-1]
        sid = call.sid or f"CA{uuid4().hex}"
        with self.clinic.app.app_context():
            return follow_call(self.clinic.id, call.id, sid, status, self.clinic.wiring.vaults, self.clock.now)

    def flags(self) -> list[tuple[str, str, str]]:
        """Rule, family and tier of every flag."""
        return sorted((row.rule, row.family, row.tier) for row in self.rows("flag"))

    def check_ins(self) -> list[tuple[int | None, list[str], str]]:
        """What was recorded, oldest first."""
        rows = sorted(self.rows("check_in"), key=lambda row: (row.received_at, row.id))
        return [(row.pain, list(row.symptoms), row.channel) for row in rows]
