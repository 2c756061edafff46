"""Put the words of a conversation together: what is told, what is asked, and where the call goes from there."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from recovery_api.db import ClinicScope
from recovery_api.domain.call_script import QUESTIONS, Place, Talk
from recovery_api.domain.call_words import lettered, spelled
from recovery_api.domain.wording import key_for
from recovery_api.packs.call_pack import call_pack
from recovery_api.services.find_lines import Line


@dataclass(frozen=True, slots=True)
class Spoken:
    """One answer to the carrier: words that nothing cuts short, then a question or another phone, else the end."""

    clinic_id: UUID
    call_id: UUID
    step: int
    voice: str
    told: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    dial: str | None = None
    caller_id: str = ""


def speak(scope: ClinicScope, call_id: UUID, step: int, talk: Talk, language: str, lines: Sequence[Line]) -> Spoken:
    """What a conversation says now. `lines` are the people on the phone; the one that is spoken of comes first."""
    told = tuple(_words(scope, key, language, lines, talk) for key in talk.said)
    return Spoken(
        clinic_id=scope.clinic_id,
        call_id=call_id,
        step=step,
        voice=call_pack().voice(language),
        told=told,
        asked=_asked(scope, talk, language, lines),
        dial=scope.phone if talk.place is Place.TRANSFER else None,
        caller_id=scope.number,
    )


def _asked(scope: ClinicScope, talk: Talk, language: str, lines: Sequence[Line]) -> tuple[str, ...]:
    if talk.place in (Place.END, Place.TRANSFER):
        return ()
    if talk.place is Place.WHOM:
        return (
            _words(scope, "whom", language, lines, talk),
            *(
                _words(scope, "whom_one", language, lines, talk, label=lettered(line.label), key=str(key))
                for key, line in enumerate(lines, start=1)
            ),
            _words(scope, "whom_end", language, lines, talk),
        )
    return (_words(scope, _key(talk), language, lines, talk),)


def _key(talk: Talk) -> str:
    if talk.place is Place.SYMPTOM:
        return QUESTIONS[talk.asked]
    if talk.place is Place.DANGER:
        return "danger_ask"
    return talk.place.value


def _words(scope: ClinicScope, text_key: str, language: str, lines: Sequence[Line], talk: Talk, **more: str) -> str:
    values = {
        "clinic": scope.name,
        "phone": spelled(scope.phone),
        "emergency": spelled(scope.emergency_number),
        "h": str(talk.hours),
        "n": str(talk.pain),
        "name": _named(lines[0]) if lines else "",
        **more,
    }
    texts = call_pack().texts
    whose = lines[0].whose if lines else "patient"
    return texts.render(key_for(texts, text_key, language, whose), language, values)


def _named(line: Line) -> str:
    """Whom a call asks for: by the letters of the phone where the name cannot be opened."""
    return line.given_name or lettered(line.label)
