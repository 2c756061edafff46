"""The inbox page: whose a text may be is offered, and the choice files it."""

import re
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from recovery_api.clinic import inbox_views
from recovery_api.models import tables
from recovery_api.services.credentials import issue
from tests.builders import PatientPersona, Persona, make_patient
from tests.services.phone import Phone


@pytest.fixture
def browser(ben: Persona) -> FlaskClient:
    """Ben, signed in."""
    with ben.clinic.open() as scope:
        secret = issue(scope.connection, "session", ben.clinic.id, ben.id)
    client = ben.clinic.app.test_client()
    client.set_cookie("__Host-session", secret)
    client.set_cookie("session", secret)
    return client


def offered(page: str) -> list[str]:
    return list(re.findall(r'value="([0-9a-f-]{36})"', page))


def done(browser: FlaskClient, message_id: UUID, **fields: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', browser.get("/inbox").text)
    assert found is not None
    answer = browser.post(f"/inbox/{message_id}/done", data={"csrf": found[1], **fields}, follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


def test_an_unknown_numbers_text_is_filed_for_whom_the_clinician_chooses(
    ann: PatientPersona, browser: FlaskClient
) -> None:
    make_patient(ann.clinic, given_name="Pell", phone="+12125550145")
    stranger = Phone(ann.clinic, "+13475550177")
    message_id = stranger.text("4").message.id
    page = browser.get("/inbox").text
    assert len(offered(page)) == 2
    assert "Testerby, Annwyl, born 1948" in page
    assert "The text is on the patient&#39;s page now" in done(browser, message_id, patient_id=str(ann.id))
    [check_in] = stranger.rows("check_in")
    assert (check_in.pain, check_in.message_id) == (4, message_id)
    assert "dealt with that message already" in done(browser, message_id, patient_id=str(ann.id))


def test_a_shared_phone_offers_those_who_share_it(ann: PatientPersona, browser: FlaskClient) -> None:
    other = make_patient(ann.clinic, given_name="Borvin", family_name="Samplewick", phone=ann.phone)
    make_patient(ann.clinic, given_name="Pell", phone="+12125550145")
    phone = Phone(ann.clinic, ann.phone)
    message_id = phone.text("4").message.id
    assert set(offered(browser.get("/inbox").text)) == {str(ann.id), str(other.id)}
    done(browser, message_id, decision="other", note="called, neither wrote it")
    assert phone.rows("check_in") == []
    assert offered(browser.get("/inbox").text) == []


def test_every_text_leaves_by_a_decision_that_the_audit_keeps(ann: PatientPersona, browser: FlaskClient) -> None:
    phone = Phone(ann.clinic, "+13475550177")
    message_id = phone.text("the cat sat on it").message.id
    page = browser.get("/inbox").text
    assert 'name="decision" value="called" data-key="3"' in page
    for wrong in ({}, {"decision": "nonsense"}, {"decision": "other"}):
        assert "Choose a decision" in done(browser, message_id, **wrong)
    assert "the cat sat on it" in browser.get("/inbox").text
    assert "Decided: Called." in done(browser, message_id, decision="called")
    assert "Made-up clinician dealt with that message already, at 10:00." in done(
        browser, message_id, decision="called"
    )
    assert "the cat sat on it" not in browser.get("/inbox").text
    [event] = [row for row in phone.rows("audit_event") if row.action == "message.handled"]
    assert event.detail == {"decision": "called"}


def test_a_decision_leads_to_the_message_after_it(ann: PatientPersona, browser: FlaskClient) -> None:
    for sender in ("+13475550177", "+13475550178"):
        Phone(ann.clinic, sender).text("the cat sat on it")
    page = browser.get("/inbox").text
    first, second = dict.fromkeys(re.findall(r'id="message-([0-9a-f-]{36})"', page))
    assert set(re.findall(r'action="(/inbox/[^"]+)"', page)) == {
        f"/inbox/{first}/done?next={second}",
        f"/inbox/{second}/done",
    }
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert csrf is not None
    for message, query, place in ((first, f"?next={second}", f"#message-{second}"), (second, "?next=%0aworklist", "")):
        answer = browser.post(f"/inbox/{message}/done{query}", data={"csrf": csrf[1], "decision": "called"})
        assert answer.headers["Location"] == f"/inbox{place}"


def test_the_heading_and_the_menu_count_every_text_that_waits(
    ann: PatientPersona, browser: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_views, "MOST_TEXTS", 2)
    for last in range(3):
        Phone(ann.clinic, f"+1347555017{last}").text("the cat sat on it")
    page = browser.get("/inbox").text
    assert "3 messages need a person" in page
    assert "<title>(3) " in page
    assert "The oldest 2 of 3 are shown." in page
    assert page.count("<article") == 2
    monkeypatch.setattr(inbox_views, "MOST_TEXTS", 3)
    assert "are shown." not in browser.get("/inbox").text


def test_a_large_clinic_opens_no_names_for_an_unknown_number_and_the_nurse_searches(
    ann: PatientPersona, browser: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_patient(ann.clinic, given_name="Pell", phone="+12125550145")
    stranger, known = Phone(ann.clinic, "+13475550177"), Phone(ann.clinic, ann.phone)
    message_id = stranger.text("4").message.id
    known.text("call me please")
    monkeypatch.setattr(inbox_views, "FEW_PATIENTS", 1)
    page = browser.get("/inbox").text
    assert offered(page) == [str(message_id)]
    assert "Testerby, Annwyl" in page
    asked = f"/patients?text={message_id}&q="
    for words, found in (("testerby ann", [ann]), ("(212) 555-0145", [other]), ("212 555 0199", [])):
        shown = browser.get(asked + words).text
        assert re.findall(r'name="patient_id" value="([^"]+)"', shown) == [str(one.id) for one in found]
        assert f'action="/inbox/{message_id}/done"' in shown or not found
    with ann.clinic.open() as scope:  # nothing of theirs could be judged, and no danger in it would be flagged
        gone = tables.patient.update().where(tables.patient.c.id == other.id)
        scope.connection.execute(gone.values(status="left"))
    shown = browser.get(asked + "pell").text
    assert (f'href="/patients/{other.id}"' in shown, "File it there" in shown) == (True, False)
    with ann.clinic.open() as scope:
        scope.connection.execute(gone.values(status="active"))
    assert "patient_id" not in browser.get("/patients?q=testerby").text
    assert browser.get("/patients?text=nonsense").status_code == 404
    done(browser, message_id, patient_id=str(other.id))
    [check_in] = stranger.rows("check_in")
    assert check_in.message_id == message_id
