"""Texts and their wordings through the API: costs, pages, two people, and problems that name what is wrong."""

import pytest

from recovery_api.packs.texts import message_pack
from tests.builders import BuiltClinic, Persona, make_clinician

OWN = {"key": "saved", "language": "en", "body": "Got it: {n}. Wrong? Text FIX and the right number."}


@pytest.fixture
def lead(clinic: BuiltClinic) -> Persona:
    """A lead of Ben's clinic."""
    return make_clinician(clinic, "lead")


def test_every_text_is_listed_once_in_every_language_over_the_pages(ben: Persona) -> None:
    seen, cursor = [], None
    while True:
        answer = ben.get("/texts", query_string={"limit": 50, **({"cursor": cursor} if cursor else {})}).json
        seen += [(one["language"], one["key"]) for one in answer["items"]]
        cursor = answer["next"]
        if cursor is None:
            break
    pack = message_pack()
    assert len(seen) == len(set(seen))
    assert set(seen) == {(language, key) for language in pack.languages for key in pack.keys(language)}
    spanish = ben.get("/texts?language=es&limit=200").json["items"]
    assert {one["language"] for one in spanish} == {"es"}
    assert {(one["encoding"], one["segments"], one["is_own"]) for one in spanish} == {("GSM-7", 1, False)}


def test_a_lead_proposes_a_clinician_signs_and_the_list_shows_it(lead: Persona, ben: Persona) -> None:
    proposed = lead.post("/wordings", json=OWN)
    assert (proposed.status_code, proposed.json["state"], proposed.json["decided_by_id"]) == (201, "waiting", None)
    assert lead.post(f"/wordings/{proposed.json['id']}/sign").status_code == 403
    signed = ben.post(f"/wordings/{proposed.json['id']}/sign")
    assert (signed.status_code, signed.json["state"], signed.json["decided_by_id"]) == (200, "in_effect", str(ben.id))
    assert ben.post(f"/wordings/{proposed.json['id']}/refuse").status_code == 409
    [saved] = [one for one in ben.get("/texts?language=en&limit=200").json["items"] if one["key"] == "saved"]
    assert (saved["body"], saved["is_own"]) == (OWN["body"], True)
    assert saved["longest"] == "ABCDEFGH: " + OWN["body"].format(n=10), "as it leaves for a shared phone"
    assert ben.get("/wordings").json["items"] == [signed.json]


def test_the_linters_findings_come_back_by_field(lead: Persona) -> None:
    answer = lead.post("/wordings", json=OWN | {"body": "Saved. Right? Reply YES."})
    assert answer.status_code == 422
    [error] = answer.json["errors"]
    assert error["field"] == "body"
    assert {"lost {n}", "uses YES as an answer", "lost the answer FIX"} == set(error["message"].split("; "))


def test_the_history_comes_in_pages(lead: Persona, ben: Persona) -> None:
    for number in range(3):
        proposed = lead.post("/wordings", json=OWN | {"body": f"{OWN['body']} {number}"}).json["id"]
        assert ben.post(f"/wordings/{proposed}/{'sign' if number else 'refuse'}").status_code == 200
    whole = ben.get("/wordings").json["items"]
    assert [one["state"] for one in whole] == ["in_effect", "replaced", "refused"]
    first = ben.get("/wordings?limit=2").json
    assert first["items"] + ben.get("/wordings", query_string={"cursor": first["next"]}).json["items"] == whole


def test_cleo_sees_and_signs_nothing_of_this_clinic(lead: Persona, cleo: Persona) -> None:
    proposed = lead.post("/wordings", json=OWN).json["id"]
    assert cleo.get("/wordings").json["items"] == []
    assert cleo.post(f"/wordings/{proposed}/sign").status_code == 404
