"""Heed what the carrier did with a text by itself: its word counts, in whichever language it was told to hear it."""

from collections.abc import Sequence
from dataclasses import replace

from recovery_api.domain.replies import Reply
from recovery_api.services.find_contacts import Contact

_MEANT = {
    "STOP": ("opt_out", "They ask for the texts to stop."),
    "START": ("opt_in", "They ask for the texts to start again."),
    "HELP": ("help", "They ask for help."),
}
WITHOUT_TEXTS = ("opted_out", "invited")


def heed_carrier(reply: Reply, word: str | None, contacts: Sequence[Contact]) -> Reply:
    """The reading of a text on which the carrier acted as a STOP, START or HELP; as it was read where it did not.

    A STOP has blocked the phone there, whatever we make of the words. A START counts where somebody on the phone has
    no texts: for anybody else "yes" is an answer. A HELP was answered there, but only what says nothing else to us is
    taken for one. Danger, scores and symptoms in the text stay.
    """
    if word == "START" and not any(contact.state in WITHOUT_TEXTS for contact in contacts):
        return reply
    if word == "HELP" and reply.intent != "ask_again":
        return reply
    intent, because = _MEANT.get(word or "", (reply.intent, reply.because))
    if intent == reply.intent:
        return reply
    return replace(reply, intent=intent, because=because if reply.tier is None else reply.because)
