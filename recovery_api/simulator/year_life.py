"""What the people of a simulated clinic do: join, answer, fall, travel, leave; and the nurse who takes their flags."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope, clinic_transaction
from recovery_api.domain.working_hours import WorkingHours
from recovery_api.gateways.voice import OutboundCall
from recovery_api.models import tables
from recovery_api.services.answer_flags import Deed, acknowledge_flag, resolve_flag
from recovery_api.services.book_visits import change_visit
from recovery_api.services.change_phones import add_phone, put_wrong_phone_away
from recovery_api.services.change_preferences import Preferences, change_preferences
from recovery_api.services.record_audit import Actor
from recovery_api.simulator.year_carrier import Taken
from recovery_api.simulator.year_checks import Sent
from recovery_api.simulator.year_fate import Fate
from recovery_api.simulator.year_hooks import Keys, text_sid
from recovery_api.simulator.year_people import Person, answer_to, fall_words
from recovery_api.simulator.year_world import World

_LANDLINE = 30006
_AWAY = timedelta(days=9)
_NURSE_LOOKS = timedelta(hours=2)


def _sent(taken: Taken, row: AnyRow) -> Sent:
    return Sent(
        taken.text.to, str(row.patient_id), row.purpose, row.text_key or "", row.in_reply_to_id is not None,
        str(row.reminder_id or ""), taken.at, row.zone or "UTC",
    )  # fmt: skip


class Life:
    """Everybody's doings in one simulated year."""

    def __init__(self, year: World) -> None:
        self._year = year
        self._ids = {person.phone: patient_id for patient_id, person in reversed(year.people.items())}
        self._began = year.clock.at
        self._moved: dict[int, str] = {}  # the numbers of those who have another phone by now, by their places
        self._fate = Fate(year, self._text)

    def begin(self) -> None:
        """Plan what will befall whom, and the nurse's rounds."""
        for patient_id, person in self._year.people.items():
            self._befall(person, "quits", 11, partial(self._text, person, "STOP"))
            self._befall(person, "falls", 15, partial(self._fall, person))
            self._befall(person, "newphone", 13, partial(self._change_phone, patient_id, person))
            self._befall(person, "traveller", 12, partial(self._travel, patient_id, person))
            self._befall(person, "hospital", 10, partial(self._fate.go_to_hospital, patient_id, person))
            self._befall(person, "dies", 4, partial(self._fate.die, patient_id, person))
            self._befall(person, "moved", 16, partial(self._fate.put_procedure_off, patient_id, person))
        self._nurse()

    def _befall(self, person: Person, event: str, hour: int, deed: Any) -> None:
        day = person.day_of(event)
        if day is not None:
            on = self._procedure_on(person) + timedelta(days=day)
            self._year.at(datetime.combine(on, time(hour), ZoneInfo(person.zone)), deed)

    def _procedure_on(self, person: Person) -> date:
        put_off = self._fate.put_off[person.place]
        return (self._began + timedelta(days=person.procedure_in_days + put_off)).date()

    def meet_texts(self, fresh: Sequence[Taken]) -> None:
        """Texts of ours: each judged, delivered or not, and perhaps answered."""
        if not fresh:
            return
        kept = self._year.eye.kept([taken.sid for taken in fresh])
        for taken in fresh:
            row = kept.get(taken.sid)
            if row is not None:
                self._meet_text(taken, row)

    def _meet_text(self, taken: Taken, row: AnyRow) -> None:
        year = self._year
        year.checks.look_at(_sent(taken, row))
        person = year.people.get(row.patient_id) if row.patient_id else None
        if person is None:
            year.hooks.status(taken, "delivered")
            return
        if person.has("landline"):
            year.hooks.status(taken, "undelivered", _LANDLINE)
            return
        year.hooks.status(taken, "delivered")
        local_on = year.clock.at.astimezone(ZoneInfo(person.zone)).date()
        answer = answer_to(person, taken.text.body, (local_on - self._procedure_on(person)).days, year.clock.at)
        if answer is not None:
            body, after = answer
            year.at(year.clock.at + after, partial(self._answer, person, body))

    def meet_call(self, sid: str, call: OutboundCall) -> None:
        """One call of ours: picked up and answered, two times in three."""
        year = self._year
        person = year.people[self._ids[call.to]]
        day = (year.clock.at.date() - self._procedure_on(person)).days
        if self._fate.answers(person) and person.dice("call", year.clock.at).random() < 0.67:
            year.said["calls answered"] += 1
            year.hooks.call(sid, call.url, call.status_callback, call.to, call.from_, Keys(person.pain(day)))
        else:
            year.hooks.missed(sid, call.status_callback, call.to, call.from_)

    def _answer(self, person: Person, body: str) -> None:
        """What somebody meant to text back; in hospital, and after a death, nobody does."""
        if self._fate.answers(person):
            self._text(person, body)

    def _text(self, person: Person, body: str) -> None:
        """A text from somebody's phone; a whole STOP or START is heard by the carrier too."""
        year, word, phone = self._year, body.strip().upper(), self._moved.get(person.place, person.phone)
        if word in ("STOP", "START"):
            year.carrier.state.opt_outs.hear(phone, year.number, word)
            (year.checks.note_start if word == "START" else year.checks.note_stop)(phone, year.clock.at)
        year.said["texts"] += 1
        year.hooks.inbound(phone, year.number, body, text_sid())

    def _change_phone(self, patient_id: UUID, person: Person) -> None:
        """Somebody tells the nurse of another number; the old one is put away, and nothing may come to it any more."""
        year, point, actor = self._year, tables.contact_point, Actor("clinician", self._year.nurse_id)
        with clinic_transaction(year.clinic_id, year.vaults) as scope:
            old = scope.connection.execute(
                select(point.c.id).where(
                    point.c.clinic_id == scope.clinic_id,
                    point.c.patient_id == patient_id,
                    point.c.phone_digest == scope.phone_digest(person.phone),
                )
            ).scalar_one()
            add_phone(scope, patient_id, person.later_phone, actor, year.clock.at, whose="patient", label=person.label)
            put_wrong_phone_away(scope, patient_id, old, actor, year.clock.at)
        self._moved[person.place] = person.later_phone
        self._ids[person.later_phone] = patient_id
        year.checks.note_stop(person.phone, year.clock.at)

    def _fall(self, person: Person) -> None:
        words = fall_words(person)
        self._text(person, words)
        flag = tables.flag
        with clinic_transaction(self._year.clinic_id, self._year.vaults) as scope:
            found = scope.connection.execute(
                select(flag.c.id).where(flag.c.clinic_id == scope.clinic_id, flag.c.status != "resolved")
            ).first()
        self._year.checks.danger(words, found is not None)

    def _travel(self, patient_id: UUID, person: Person) -> None:
        self._set_zone(patient_id, person.journey())
        self._year.at(self._year.clock.at + _AWAY, partial(self._set_zone, patient_id, person.zone))

    def _set_zone(self, patient_id: UUID, zone: str) -> None:
        with clinic_transaction(self._year.clinic_id, self._year.vaults) as scope:
            actor = Actor("patient", patient_id)
            change_preferences(scope, patient_id, Preferences(zone=zone), actor, self._year.clock.at)

    def _nurse(self) -> None:
        """Every two hours the nurse notes who came, and takes what waits; at night only what cannot."""
        year = self._year
        if year.eye.nurse_has_work(year.clock.at, _NURSE_LOOKS):
            self._work_through()
        year.at(year.clock.at + _NURSE_LOOKS, self._nurse)

    def _work_through(self) -> None:
        year, flag = self._year, tables.flag
        with clinic_transaction(year.clinic_id, year.vaults) as scope:
            self._note_visits(scope)
            rows = scope.connection.execute(
                select(flag.c.id, flag.c.tier)
                .where(flag.c.clinic_id == scope.clinic_id, flag.c.status != "resolved")
                .order_by(flag.c.opened_at, flag.c.id)
            ).all()
            at_work = WorkingHours(scope.zone).next_open(year.clock.at) == year.clock.at
            for row in rows:
                if at_work or row.tier in ("emergency", "urgent"):
                    deed = Deed(year.nurse_id, row.id, None)
                    acknowledge_flag(scope, deed, year.clock.at)
                    resolve_flag(scope, deed, "advised", "Called and advised (simulated)", year.clock.at)

    def _note_visits(self, scope: ClinicScope) -> None:
        """Who had a visit yesterday came, nine times in ten; of a few nobody says anything."""
        year, visit, episode = self._year, tables.appointment, tables.episode
        rows = scope.connection.execute(
            select(visit.c.id, episode.c.patient_id)
            .join(episode, (episode.c.clinic_id == visit.c.clinic_id) & (episode.c.id == visit.c.episode_id))
            .where(
                visit.c.clinic_id == scope.clinic_id,
                visit.c.status.in_(("booked", "confirmed", "change_asked")),
                visit.c.starts_at < year.clock.at,
                visit.c.starts_at > year.clock.at - _NURSE_LOOKS,
            )
        ).all()
        for row in rows:
            chance = year.people[row.patient_id].dice("came", year.clock.at).random()
            if chance < 0.95:
                status = "kept" if chance < 0.85 else "missed"
                change_visit(scope, row.id, None, status, Actor("clinician", year.nurse_id), year.clock.at)
