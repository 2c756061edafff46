"""A call in the thread of a patient's page: how it ended and what was keyed, in words."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from recovery_api.clinic.call_lines import call_end, call_words, has_failed
from recovery_api.models.calls import OUTCOMES
from recovery_api.services.read_calls import Call


def made(outcome: str | None = None, state: str = "ended", direction: str = "out", **changes: Any) -> Call:
    at = datetime(2026, 11, 20, 15, tzinfo=UTC)
    return Call(uuid4(), direction, at, state, outcome, 1, **changes)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (made("no_answer"), "Check-in call"),
        (made("finished", is_answered=True, pain=4), "Check-in call, pain 4 by keys, nothing new"),
        (made("hung_up", is_answered=True, pain=4), "Check-in call, pain 4 by keys"),
        (
            made("put_through", direction="in", is_answered=True, symptoms=("fever",)),
            "Call to the clinic, new: Fever of 100.4 F (38 C) or more, or chills",
        ),
    ],
    ids=["missed", "to the end", "broken off", "danger"],
)
def test_a_call_is_told_in_a_sentence(app: Flask, call: Call, words: str) -> None:
    with app.test_request_context("/"):
        assert call_words(call) == words


def test_every_end_of_a_call_has_words(app: Flask) -> None:
    with app.test_request_context("/"):
        ends = [call_end(made(outcome)) for outcome in OUTCOMES]
        assert len(set(ends)) == len(OUTCOMES)
        assert call_end(made(state="under_way")) == "under way"
        assert call_end(made(state="rejected", error_code=13224)) == "refused by the carrier (13224)"
    assert has_failed(made("no_answer"))
    assert not has_failed(made("finished"))
