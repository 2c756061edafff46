"""Check-ins by the app: stored once, judged like any other, answered with advice."""

from tests.builders import PatientPersona, Persona, check_in_body


def test_an_ordinary_answer_is_stored_and_answered(ann: PatientPersona) -> None:
    body = check_in_body(ann, pain=4, note="sore at the spot")
    answer = ann.post("/me/check-ins", json=body)
    assert answer.status_code == 201, answer.json
    print(answer.json, answer.headers)
    assert ann.post("/me/check-ins", json=body).json == answer.json
