"""The guide for app developers: its requests work, one after the other, and what it says of limits is so."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from recovery_api.api.problems import TITLES
from recovery_api.api.rate_limits import A_TOKEN, AN_ADDRESS
from tests.api.test_enrolment import print_code, texts
from tests.builders import ClockHand, PatientPersona, Persona

DOCS = Path(__file__).parents[2] / "docs"


@dataclass(frozen=True)
class Step:
    """One request of the file, with what it is called, and the status that its heading expects."""

    name: str
    method: str
    url: str
    headers: dict[str, str]
    body: str
    expects: int


def steps() -> Iterator[Step]:
    for part in (DOCS / "mobile.http").read_text(encoding="utf-8").split("\n### ")[1:]:
        heading, _, rest = part.partition("\n")
        head, _, body = rest.partition("\n\n")
        named = re.search(r"# @name (\w+)", head)
        first, *lines = [line for line in head.splitlines() if line and not line.startswith("#")]
        method, _, url = first.partition(" ")
        headers = dict(line.split(": ", 1) for line in lines)
        expects = re.search(r"expects (\d{3})", heading)
        assert expects is not None, heading
        yield Step(named[1] if named else "", method, url, headers, body.strip(), int(expects[1]))


def test_every_request_of_the_file_does_what_its_heading_says(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    known = {"base": "/api/v1", "code": print_code(ben, ann)}
    answers: dict[str, Any] = {}

    def fill(text: str) -> str:
        return re.sub(r"\{\{(.+?)\}\}", lambda found: value(found[1]), text)

    def value(name: str) -> str:
        if name == "$guid":
            return str(uuid4())
        if name.startswith("$datetime"):
            return clock.now.isoformat() if name.endswith("iso8601") else str(clock.now.date())
        if name == "otp":
            return texts(ann.clinic)[-1][1]
        step, dot, path = name.partition(".response.body.")
        return str(answers[step][path]) if dot else known[name]

    seen = 0
    for step in steps():
        headers = {name: fill(said) for name, said in step.headers.items()}
        answer = ann.client.open(fill(step.url), method=step.method, headers=headers, data=fill(step.body) or None)
        assert answer.status_code == step.expects, (step, answer.text)
        answers[step.name] = json.loads(answer.text) if answer.text else {}
        seen += 1
    assert seen == 14


def test_the_guide_names_every_limit_and_problem_as_it_is() -> None:
    guide = (DOCS / "mobile.md").read_text(encoding="utf-8")
    assert f"{A_TOKEN} calls a minute" in guide
    assert f"{AN_ADDRESS} a minute" in guide
    assert {code for code in TITLES if f"`{code}`" not in guide} == set()
