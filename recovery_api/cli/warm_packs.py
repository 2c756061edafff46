"""The packs that a web worker needs, read once: workers that are forked from one process share what it read."""

from recovery_api.packs.about_pack import about_pack
from recovery_api.packs.call_pack import call_pack
from recovery_api.packs.carrier_codes import carrier_codes
from recovery_api.packs.ladder_pack import ladder_pack
from recovery_api.packs.protocol_pack import protocol_pack
from recovery_api.packs.questionnaire_pack import questionnaire_pack
from recovery_api.packs.reading import reply_reader
from recovery_api.packs.rule_pack import rule_pack
from recovery_api.packs.texts import message_pack


def read_packs() -> None:
    """Read each pack that is not read yet, so that one that is broken lets no process start. Raises PackError."""
    for pack in (message_pack, rule_pack, protocol_pack, ladder_pack, call_pack, carrier_codes):
        pack()


def read_every_pack() -> None:
    """Read the packs, those of the pages, and a text in each language. Raises PackError."""
    read_packs()
    about_pack()
    questionnaire_pack()
    reply_reader().read("warm 0", "pain", "en")
    reply_reader().read("hola 0", "pain", "es")
