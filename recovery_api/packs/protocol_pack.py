"""The protocol in force where a clinic has no version of its own: the shipped pack, held to the shipped texts."""

from functools import cache
from pathlib import Path
from typing import Any

from recovery_api.domain.errors import PackError
from recovery_api.domain.messages import MessagePack, placeholders
from recovery_api.domain.protocol import Protocol, Step, read_protocol
from recovery_api.domain.protocol_variables import DRIVING
from recovery_api.domain.schedule import scheduled_days
from recovery_api.domain.wording import key_for, speaks_to_caregivers
from recovery_api.packs import load_yaml
from recovery_api.packs.own_file import parsed, read_text
from recovery_api.packs.texts import message_pack
from recovery_api.packs.yaml_lines import located

SHIPPED = "protocols/vertebroplasty.yaml"
_STANDING = {"clinic", "phone", "emergency", "about"}
_VISIT = {"date", "time"}


@cache
def protocol_pack() -> Protocol:
    """The shipped protocol, read once. Raises PackError naming the file, the line, the step and the reason."""
    text = (Path(__file__).parent / SHIPPED).read_text(encoding="utf-8")
    return read_from(SHIPPED, text, load_yaml(SHIPPED))


@cache
def check_in_days() -> frozenset[int]:
    """The days since the procedure on which the shipped protocol asks for a check-in."""
    return scheduled_days(protocol_pack())


def read_file(path: Path) -> tuple[Protocol, Any]:
    """A clinic's own protocol and its content. Raises PackError naming the file, the line and the reason."""
    text = read_text(path, path.name)
    content = parsed(text, path.name)
    return read_from(path.name, text, content), content


def read_from(file: str, text: str, content: Any) -> Protocol:
    """The protocol of a file's text, whose texts all exist and get every value. Raises PackError with its line."""
    try:
        protocol = read_protocol(content, file)
        check_texts(protocol, file, message_pack())
    except PackError as error:
        raise located(error, text) from None
    return protocol


def check_texts(protocol: Protocol, file: str, pack: MessagePack) -> None:
    """Raise PackError where a text that the protocol names is not in `pack`, or asks for a value it is not given.

    Every text may go to a caregiver, as that of a patient without a phone does, so each must have words for one.
    """
    for step in protocol.steps:
        _check_text(file, f"step {step.id}", step.text_key, _values_of(step), pack)
    for number, rung in enumerate(protocol.silence.rungs if protocol.silence else (), 1):
        _check_text(file, f"protocol, silence, rung {number}", rung.text_key, set(), pack)
    for lesson in protocol.coaching.lessons if protocol.coaching else ():
        _check_text(file, f"protocol, coaching, lesson {lesson.id}", lesson.text_key, set(), pack)


def _values_of(step: Step) -> set[str]:
    """The values that the text of a step is given."""
    own = {"drive_on" if name == DRIVING else name for name in step.uses}
    named = {"date"} if step.names_procedure or step.days_after_thinner is not None else set()
    return own | named | (_VISIT if step.days_before_visit is not None else set())


def _check_text(file: str, where: str, key: str, given: set[str], pack: MessagePack) -> None:
    for language in pack.languages:
        if key not in pack.keys(language):
            raise PackError(file, where, f"text is {key!r}, which the texts in {language!r} do not have")
        if not speaks_to_caregivers(pack, key, language):
            raise PackError(file, where, f"text {key} has no words for a caregiver in {language!r}")
        asked = placeholders(pack.text(key, language) + pack.text(key_for(pack, key, language, "caregiver"), language))
        lacking = asked - given - _STANDING
        if lacking:
            raise PackError(file, where, f"text {key} needs {', '.join(sorted(lacking))}, which the step does not give")
