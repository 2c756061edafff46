"""How often a check-in by app waits for the database: the driver's own trace of what it sends."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from recovery_api.db import db
from recovery_api.services.follow_delivery import follow_delivery
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts
from tests.builders import check_in_body, make_clinic, make_patient

MOST = 3  # who calls, what is known of them, what is written with the commit


@pytest.fixture
def traced(app: Flask, tmp_path: Path) -> Any:
    """Counts the round trips of a deed: the client waits after each Sync and each simple Query, and nowhere else."""

    def count(deed: Any) -> int:
        followed: list[Any] = []
        with (tmp_path / "trace").open("w+b") as file:

            def follow(connection: Any, *_: Any) -> None:
                followed.append(connection.pgconn)
                connection.pgconn.trace(file.fileno())

            with app.app_context():
                event.listen(db.engine, "checkout", follow)
                deed()
                event.remove(db.engine, "checkout", follow)
            for connection in followed:
                connection.untrace()
            file.seek(0)
            lines = [line.split("\t") for line in file.read().decode(errors="replace").splitlines()]
        return sum(len(parts) > 3 and parts[1] == "F" and parts[3] in ("Sync", "Query") for parts in lines)

    return count


def test_an_ordinary_check_in_takes_three_round_trips(app: Flask, traced: Any) -> None:
    patient = make_patient(make_clinic(app))
    answers = []
    counts = [
        traced(lambda: answers.append(patient.post("/me/check-ins", json=check_in_body(patient, pain=3))))
        for _ in range(2)  # the first prepares its statements
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert counts[1] == MOST


def test_news_of_a_text_takes_two_round_trips_once_it_has_left_our_queue(app: Flask, traced: Any) -> None:
    patient = make_patient(make_clinic(app))
    parts, sid = patient.clinic.wiring, "SM" + "1" * 32
    with patient.clinic.open() as scope:
        text = Outgoing(Recipient(patient.phone, "en"), "conversation", "ask_pain_again")
        [message_id] = queue_texts(scope, [text], parts.clock.now())

    def tell(status: str) -> bool:
        return follow_delivery(patient.clinic.id, message_id, sid, status, None, parts.vaults, parts.clock.now())

    counts = [traced(partial(tell, status)) for status in ("queued", "sent", "delivered")]
    assert counts[-1] == 2  # what there is to know, what changes with the commit
