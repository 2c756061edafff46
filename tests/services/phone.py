"""A patient's phone under test: texts go in, and what came of each is looked up."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, select, update

from recovery_api.models import tables
from recovery_api.services.receive_sms import ReceivedText, receive_sms
from tests.builders import BuiltClinic


@dataclass(frozen=True)
class Outcome:
    """What one text brought about."""

    message: Row[Any]
    answers: list[str]
    bodies: list[str]
    check_in: Row[Any] | None

    @property
    def disposition(self) -> str:
        return str(self.message.disposition)

    @property
    def answer(self) -> str | None:
        """The key of the one answer; None where there was none."""
        assert len(self.answers) <= 1, "one answer at most"
        return self.answers[0] if self.answers else None


@dataclass(frozen=True)
class Phone:
    """A phone that texts one clinic."""

    clinic: BuiltClinic
    number: str

    def send(self, body: str, sid: str | None = None, **extra: Any) -> bool:
        """One text; False where it was known already."""
        text = ReceivedText(sid or f"SM{uuid4().hex}", self.number, self.clinic.number, body, **extra)
        with self.clinic.app.app_context():
            return receive_sms(text, self.clinic.wiring.vaults, self.clinic.wiring.clock.now())

    def text(self, body: str, **extra: Any) -> Outcome:
        """One text, and what came of it."""
        sid = f"SM{uuid4().hex}"
        assert self.send(body, sid, **extra)
        with self.clinic.open() as scope:
            message, check_in = tables.message, tables.check_in
            kept = scope.connection.execute(select(message).where(message.c.sid == sid)).one()
            assert scope.vault.open("message.body", kept.id, kept.body_sealed) == body
            answers = scope.connection.execute(select(message).where(message.c.in_reply_to_id == kept.id)).all()
            bodies = [scope.vault.open("message.body", one.id, one.body_sealed) for one in answers]
            recorded = scope.connection.execute(select(check_in).where(check_in.c.message_id == kept.id)).one_or_none()
        return Outcome(kept, [one.text_key for one in answers], bodies, recorded)

    def rows(self, table: str) -> list[Row[Any]]:
        """Every row of the clinic in one table."""
        chosen = getattr(tables, table)
        with self.clinic.open() as scope:
            return list(scope.connection.execute(select(chosen)).all())

    def flags(self) -> list[tuple[str, str]]:
        """Family and tier of every flag that awaits a person."""
        return sorted((row.family, row.tier) for row in self.rows("flag") if row.status != "resolved")

    def ask(self, question: str, on: date, at: datetime) -> None:
        """Leave a question open on this phone."""
        self._change(question=question, question_on=on, question_asked_at=at, times_asked=0)

    def states(self) -> set[str]:
        """The states of every link of this phone."""
        return {row.state for row in self._links()}

    def contact_ids(self) -> list[UUID]:
        return [row.id for row in self._links()]

    def _links(self) -> list[Row[Any]]:
        point = tables.contact_point
        with self.clinic.open() as scope:
            digest = scope.phone_digest(self.number)
            return list(scope.connection.execute(select(point).where(point.c.phone_digest == digest)).all())

    def _change(self, **values: Any) -> None:
        point = tables.contact_point
        with self.clinic.open() as scope:
            digest = scope.phone_digest(self.number)
            scope.connection.execute(update(point).where(point.c.phone_digest == digest).values(**values))
