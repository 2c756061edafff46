"""What befalls people of a simulated clinic that others tell of: a stay in hospital, a death, a procedure put off."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import clinic_transaction
from recovery_api.models import tables
from recovery_api.services.change_episode import EpisodeChanges, change_episode
from recovery_api.services.change_patient import change_patient
from recovery_api.services.find_recovery import find_recovery
from recovery_api.services.hold_episode import NewHold, hold_episode, lift_hold
from recovery_api.services.record_audit import Actor
from recovery_api.simulator.year_people import Person, caregiver_phone, family_words
from recovery_api.simulator.year_world import World

_A_DAY = timedelta(days=1)


class Fate:
    """Who is in hospital or has died, and by how many days procedures were put off, in one simulated year."""

    def __init__(self, year: World, text: Callable[[Person, str], None]) -> None:
        self._year, self._text = year, text
        self._in_hospital: set[int] = set()
        self._dead: set[int] = set()
        self.put_off: Counter[int] = Counter()  # days, by the places of the people

    def answers(self, person: Person) -> bool:
        """Whether a text or a call to this person may be answered."""
        return person.place not in self._in_hospital | self._dead

    def go_to_hospital(self, patient_id: UUID, person: Person) -> None:
        """The nurse hears of it and holds the texts; some come home before the day that was thought of."""
        year, now, chance = self._year, self._year.clock.at, person.dice("stay")
        stay = timedelta(days=chance.randint(2, 21))
        with clinic_transaction(year.clinic_id, year.vaults) as scope:
            episode_id = find_recovery(scope, patient_id).recovery.episode_id
            hold_episode(scope, episode_id, NewHold(now + stay), self._nurse, now)
        self._in_hospital.add(person.place)
        year.checks.note_hold(str(patient_id), now, now + stay)
        is_early = chance.random() < 0.5
        year.at(now + (stay / 2 if is_early else stay), partial(self._come_home, patient_id, person, is_early))

    def _come_home(self, patient_id: UUID, person: Person, is_early: bool) -> None:
        """Whoever comes early has the hold lifted; else it ends by itself."""
        year = self._year
        self._in_hospital.discard(person.place)
        if is_early and person.place not in self._dead:
            with clinic_transaction(year.clinic_id, year.vaults) as scope:
                lift_hold(scope, find_recovery(scope, patient_id).recovery.episode_id, self._nurse, year.clock.at)
            year.checks.note_hold(str(patient_id), year.clock.at, year.clock.at)

    def die(self, patient_id: UUID, person: Person) -> None:
        """From now on nobody answers; a day later the family writes, or calls where the phone is a landline."""
        self._dead.add(person.place)
        self._year.at(self._year.clock.at + _A_DAY, partial(self._family_tells, patient_id, person))

    def _family_tells(self, patient_id: UUID, person: Person) -> None:
        year, flag = self._year, tables.flag
        if not person.has("landline"):
            words = family_words(person)
            self._text(person, words)
            with clinic_transaction(year.clinic_id, year.vaults) as scope:
                told = select(flag.c.id).where(
                    flag.c.clinic_id == scope.clinic_id, flag.c.patient_id == patient_id, flag.c.status != "resolved"
                )
                year.checks.danger(words, scope.connection.execute(told).first() is not None)
            year.checks.note_stop(caregiver_phone(person), year.clock.at)
            if not person.has("shared"):  # whoever else reads the phone goes on with their own texts
                year.checks.note_stop(person.phone, year.clock.at)
        year.at(year.clock.at + _A_DAY, partial(self._believe, patient_id))

    def _believe(self, patient_id: UUID) -> None:
        """The nurse has spoken with the family."""
        year = self._year
        with clinic_transaction(year.clinic_id, year.vaults) as scope:
            change_patient(scope, patient_id, {"status": "deceased"}, self._nurse, year.clock.at)

    def put_procedure_off(self, patient_id: UUID, person: Person) -> None:
        """The nurse moves the procedure by some days, before it or after the first answers."""
        year, days = self._year, person.dice("put off").randint(2, 12)
        with clinic_transaction(year.clinic_id, year.vaults) as scope:
            recovery = find_recovery(scope, patient_id).recovery
            later = EpisodeChanges(performed_on=recovery.procedure_on + timedelta(days=days))
            change_episode(scope, recovery.episode_id, later, self._nurse, year.clock.at)
        self.put_off[person.place] += days

    @property
    def _nurse(self) -> Actor:
        return Actor("clinician", self._year.nurse_id)
