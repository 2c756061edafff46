"""One text on its way through: what it says, who sent it, the answer to it, and the flag that it may call for."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from recovery_api.db import ClinicScope
from recovery_api.domain.consent import CARRIER_WORDS, brings_back, carrier_confirms
from recovery_api.domain.readings import Finding
from recovery_api.domain.replies import Reply
from recovery_api.domain.response_time import USUAL_MINUTES
from recovery_api.domain.tiers import Tier, worst
from recovery_api.packs.reading import start_words
from recovery_api.services.find_contacts import Contact
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.queue_texts import Outgoing, queue_texts
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.record_check_in import Recorded

SAFETY_TEXTS = {Tier.EMERGENCY: "emergency", Tier.URGENT: "urgent"}
OPTED_OUT = "Opted out of texts: call instead"
MINUTES = USUAL_MINUTES


@dataclass(frozen=True, slots=True)
class Arrival:
    """A text that was just stored, or one that was held until somebody said whose it is.

    `media` counts its pictures; `sent_at` is when a held text came, and `reply_to_id` the text that is answered.
    `is_whole` where `body` is all that was written, without a label: the carrier acts on whole texts alone.
    `carrier_word` is STOP, START or HELP where the carrier says that it took the text for one.
    """

    message_id: UUID
    phone: str
    body: str
    media: int = 0
    sent_at: datetime | None = None
    reply_to_id: UUID | None = None
    is_whole: bool = True
    carrier_word: str | None = None

    def is_confirmed_by_carrier(self, word: str) -> bool:
        """Whether the carrier acted on this text as a STOP or START, and answered it by itself.

        Where it does not say so, its usual words are taken for it.
        """
        if self.carrier_word is not None:
            return self.carrier_word == word
        return self.is_whole and carrier_confirms(self.body, CARRIER_WORDS[word])

    @property
    def brings_back(self) -> bool:
        """Whether this is a START, which alone begins the texts of somebody who left."""
        return self.carrier_word == "START" or brings_back(self.body, start_words())


@dataclass(frozen=True, slots=True)
class Answered:
    """What was done with a text, and whether a person still has to read it."""

    disposition: str
    needs_person: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One text on its way through: the scope, who sent it, what it says, and what was recorded of it.

    `muted` where the phone was answered too often already: only safety texts leave then. `told` where the same words
    were answered so often that not even those do. `said` holds what was said.
    """

    scope: ClinicScope
    contact: Contact
    arrival: Arrival
    reply: Reply
    now: datetime
    recorded: Recorded | None
    muted: bool = False
    told: bool = False
    said: list[str] = field(default_factory=list)

    def say(self, text_key: str, purpose: str = "conversation", **values: str) -> None:
        """Answer with one text."""
        if self.told or (self.muted and purpose != "safety"):
            return
        text = Outgoing(
            recipient=self.contact.recipient(),
            purpose=purpose,
            text_key=text_key,
            values=values,
            in_reply_to_id=self.arrival.reply_to_id or self.arrival.message_id,
        )
        queue_texts(self.scope, [text], self.now)
        self.said.append(text_key)

    def say_with_score(self, text_key: str, **values: str) -> None:
        """Answer a request; a score that came with it is said back in the same text, with how to mend it."""
        pain = self.reply.pain if self.recorded else None
        if pain is None:
            self.say(text_key, **values)
        else:
            self.say(f"{text_key}_saved", n=str(pain), **values)

    @property
    def answers(self) -> bool:
        """Whether the text reports how somebody is, whatever else it says."""
        return self.reply.pain is not None or bool(self.reply.symptoms)

    @property
    def tier(self) -> Tier | None:
        """The most urgent tier of the words and of what the rules made of them."""
        return worst(self.reply.tier, self.recorded.tier if self.recorded else None)


def flag_for_person(turn: Turn, rule: str, tier: Tier, reason: str, family: str = "operations") -> None:
    """A request or a danger that only a person can meet, as a flag of its own family."""
    recovery = turn.contact.recovery
    subject = FlagSubject(
        episode_id=recovery.episode_id if recovery else None,
        patient_id=turn.contact.patient_id,
        phone_digest=turn.scope.phone_digest(turn.arrival.phone),
        message_id=turn.arrival.message_id,
        quote=turn.arrival.body,
    )
    inputs = {"symptoms": sorted(turn.reply.symptoms)} if family == "red_flag" else {}
    finding = Finding(rule, "1", family, tier, reason, MINUTES[tier], inputs)
    page_clinicians(turn.scope, raise_flags(turn.scope, subject, [finding], turn.now), turn.now)
