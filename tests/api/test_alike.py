"""Known and unknown codes: two thousand of each look alike, to the byte and in time."""

import random
import time
from collections.abc import Callable

import numpy as np
import pytest
from flask import Flask
from sqlalchemy import func, select

from recovery_api.models import tables
from recovery_api.services.credentials import issue
from tests.api.test_enrolment import _look, begin
from tests.builders import BuiltClinic, ClockHand, make_clinic, make_patient

LEAST_P = 0.01
AREAS = (201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228)


def known_codes(clinic: BuiltClinic, count: int) -> list[str]:
    """Printed codes of as many patients, each with a phone of their own."""
    codes = []
    for place in range(count):
        patient = make_patient(clinic, phone=f"+1{AREAS[place // 100]}55501{place % 100:02}")
        with clinic.open() as scope:
            codes.append(issue(scope.connection, "enrol_code", clinic.id, patient.id))
    return codes


def p_of_mann_whitney(one: list[float], other: list[float]) -> float:
    """How likely two samples as different as these are of one kind; by the normal approximation, two-sided."""
    from math import erfc, sqrt

    ranks = np.empty(len(one) + len(other))
    ranks[np.argsort(np.array(one + other), kind="stable")] = np.arange(1, len(ranks) + 1)
    u = ranks[: len(one)].sum() - len(one) * (len(one) + 1) / 2
    deviation = sqrt(len(one) * len(other) * (len(ranks) + 1) / 12)
    return erfc(abs(u - len(one) * len(other) / 2) / deviation / sqrt(2))


@pytest.mark.soak
def test_known_and_unknown_codes_cannot_be_told_apart(
    samples: Callable[[int, int], int], app: Flask, clock: ClockHand
) -> None:
    count, rng = samples(2, 2_000), random.Random(7)
    clinic = make_clinic(app)
    codes = [(True, code) for code in known_codes(clinic, count)]
    codes += [(False, f"{rng.getrandbits(64):016X}") for _ in range(count)]
    rng.shuffle(codes)
    client, looks = app.test_client(use_cookies=False), set()
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for is_known, code in codes:
        began = time.perf_counter()
        answer = begin(client, code)
        seconds[is_known].append(time.perf_counter() - began)
        looks.add(str(_look(answer, answer.json["challenge"])))
    assert len(looks) == 1
    with clinic.open() as scope:
        message = tables.message
        sent = select(func.count()).select_from(message).where(message.c.text_key == "login_code")
        assert scope.connection.execute(sent).scalar() == count, "every known one was texted, and nobody else"
    p = p_of_mann_whitney(seconds[True], seconds[False])
    if count > 1000:  # a handful on a busy machine says nothing of time
        print({name: f"{np.median(values) * 1e3:.3f} ms" for name, values in seconds.items()}, f"p = {p:.3f}")
        assert p > LEAST_P
