"""Read every text of a clinic with what it costs, and the history of the words that it chose itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import ClinicScope
from recovery_api.domain.messages import MessagePack, filled, placeholders
from recovery_api.domain.segments import Measure, measure
from recovery_api.domain.text_lint import in_full, longest_values, reading_grade
from recovery_api.domain.wording import untwinned
from recovery_api.models import tables
from recovery_api.packs.texts import as_sent, message_pack
from recovery_api.services.clinic_texts import texts_of
from recovery_api.services.queue_texts import standing_values


@dataclass(frozen=True, slots=True)
class TextInUse:
    """One text in one language: its words, the shipped ones, and its cost with the clinic's values, else the longest.

    The cost is that of `longest`, behind the longest label: what leaves for a shared phone, or a caregiver's.
    `grade` is the reading grade of an English text, 0 at the least, None for other languages.
    """

    key: str
    language: str
    body: str
    shipped: str
    longest: str
    encoding: str
    segments: int
    characters: int
    grade: float | None
    version: str

    @property
    def is_own(self) -> bool:
        """Whether the clinic chose these words itself."""
        return self.body != self.shipped


@dataclass(frozen=True, slots=True)
class WordingRecord:
    """A proposal and what became of it; `state` is waiting, in_effect, replaced or refused."""

    id: UUID
    key: str
    language: str
    body: str | None
    most_segments: int
    pack_version: str
    proposed_by_id: UUID
    proposed_by: str
    proposed_at: datetime
    state: str
    decided_by_id: UUID | None
    decided_by: str
    decided_at: datetime | None


def texts_in_use(
    pack: MessagePack, language: str | None = None, own: Mapping[str, str] = MappingProxyType({})
) -> Iterator[TextInUse]:
    """Every text of a pack in the order of its file, one language after the other.

    It is measured with a clinic's `own` values, and the longest of what differs from patient to patient.
    """
    shipped = message_pack()
    for name in [language] if language else pack.languages:
        values = {**longest_values(name), **own}
        for key in pack.texts[name]:
            said = as_sent(filled(pack.text(key, name), values))
            longest = in_full(key, said)
            cost = measure(longest)
            yield TextInUse(
                key=key,
                language=name,
                body=pack.text(key, name),
                shipped=shipped.text(key, name),
                longest=longest,
                encoding=cost.encoding,
                segments=cost.segments,
                characters=cost.characters,
                grade=round(max(reading_grade(said), 0.0), 1) if name == "en" else None,
                version=pack.version,
            )


def longest_cost(scope: ClinicScope, key: str, language: str, body: str) -> Measure:
    """What words for a text cost at their longest, as in TextInUse; an unknown placeholder stays as it is."""
    values = _values_of(scope, language)
    known = {name: values.get(name, f"{{{name}}}") for name in placeholders(body)}
    return measure(in_full(key, as_sent(filled(body, known))))


def read_texts(scope: ClinicScope, language: str | None = None) -> list[TextInUse]:
    """Every text as this clinic sends it, measured with its own name."""
    return list(texts_in_use(texts_of(scope), language, standing_values(scope)))


def _values_of(scope: ClinicScope, language: str) -> dict[str, str]:
    """The clinic's own name and phones, and the longest of what differs from patient to patient."""
    return {**longest_values(language), **standing_values(scope)}


def shown_text(scope: ClinicScope, text: TextInUse) -> str:
    """A text with the clinic's own name and phones, and the longest of what differs from patient to patient.

    What goes to caregivers never leaves without a label, and is shown behind one.
    """
    said = as_sent(filled(text.body, _values_of(scope, text.language)))
    return in_full(text.key, said) if untwinned(text.key) else said


def read_wordings(scope: ClinicScope, key: str | None = None, language: str | None = None) -> list[WordingRecord]:
    """All that was ever proposed for all texts, or for one: newest first."""
    scope.flush()
    rows = scope.connection.execute(_statement(scope, key, language)).all()
    newest: dict[tuple[str, str], int] = {}
    for row in rows:
        place = (row.text_key, row.language)
        newest[place] = max(newest.get(place, 0), row.texts_version or 0)
    return [_record(scope, row, newest[row.text_key, row.language]) for row in rows]


def read_wording(scope: ClinicScope, wording_id: UUID) -> WordingRecord:
    """One proposal, which must be there."""
    return next(one for one in read_wordings(scope) if one.id == wording_id)


def _record(scope: ClinicScope, row: Any, newest: int) -> WordingRecord:
    state = row.outcome or "waiting"
    if state == "signed":
        state = "in_effect" if row.texts_version == newest else "replaced"
    return WordingRecord(
        id=row.id,
        key=row.text_key,
        language=row.language,
        body=row.body,
        most_segments=row.most_segments,
        pack_version=row.pack_version,
        proposed_by_id=row.proposed_by_id,
        proposed_by=scope.vault.open("clinician.name", row.proposed_by_id, row.proposer_sealed),
        proposed_at=row.proposed_at,
        state=state,
        decided_by_id=row.decided_by_id,
        decided_by=(scope.open("clinician.name", row.decided_by_id, row.decider_sealed) or "")
        if row.decided_by_id
        else "",
        decided_at=row.decided_at,
    )


def _statement(scope: ClinicScope, key: str | None, language: str | None) -> Any:
    wording, decision = tables.wording, tables.wording_decision
    proposer, decider = tables.clinician.alias("proposer"), tables.clinician.alias("decider")
    statement = (
        select(
            wording,
            decision.c.outcome,
            decision.c.texts_version,
            decision.c.decided_by_id,
            decision.c.decided_at,
            proposer.c.name_sealed.label("proposer_sealed"),
            decider.c.name_sealed.label("decider_sealed"),
        )
        .join(proposer, (proposer.c.clinic_id == wording.c.clinic_id) & (proposer.c.id == wording.c.proposed_by_id))
        .outerjoin(decision, (decision.c.clinic_id == wording.c.clinic_id) & (decision.c.wording_id == wording.c.id))
        .outerjoin(decider, (decider.c.clinic_id == decision.c.clinic_id) & (decider.c.id == decision.c.decided_by_id))
        .where(wording.c.clinic_id == scope.clinic_id)
        .order_by(wording.c.proposed_at.desc(), wording.c.id.desc())
    )
    if key is not None:
        statement = statement.where(wording.c.text_key == key)
    return statement if language is None else statement.where(wording.c.language == language)
