"""The landline on the demo's phone page: plain forms, live parts, and keys only while the line takes them."""

from recovery_api.simulator.phone_landline import KEYS, landline_of
from tests.clinic.made_up_pages import a_phone
from tests.clinic.test_templates import shown

CALL = {
    "sid": "CA" + "1" * 32,
    "direction": "outbound",
    "status": "in-progress",
    "typed": "1",
    "waits_for": "keys",
    "heard": [
        {"who": "machine", "words": "How bad is your <back> pain?"},
        {"who": "phone", "words": ""},
        {"who": "line", "words": "The call is over."},
    ],
}


def test_a_call_shows_its_words_and_takes_keys_while_the_line_does() -> None:
    page = shown("simulator/phone.html", a_phone(landline=landline_of([CALL])))
    sent = {form.action: set(form.fields) - {"csrf", "patient"} for form in page.forms if form.method == "post"}
    assert sent == {
        "/demo/phone/clock": {"step"},
        "/demo/phone/line": {"answers"},
        "/demo/phone/call": {"sid", "deed"},
    }
    keys = [one for one in page.of("button") if one.get("name") == "key"]
    assert [one["value"] for one in keys] == list(KEYS)
    assert not any("disabled" in one for one in keys)
    assert "How bad is your <back> pain?" in page.text
    assert "(silence)" in page.text
    assert "hang-up" in {one.get("value") for one in page.of("button")}


def test_a_phone_on_the_hook_takes_no_keys_and_can_call() -> None:
    page = shown(
        "simulator/phone.html", a_phone(landline=landline_of([{**CALL, "status": "completed", "waits_for": ""}]))
    )
    assert all("disabled" in one for one in page.of("button") if one.get("name") == "key")
    assert "call" in {one.get("value") for one in page.of("button")}


def test_a_ringing_phone_is_picked_up_by_a_person_or_a_machine() -> None:
    page = shown("simulator/phone.html", a_phone(landline=landline_of([{**CALL, "status": "ringing"}])))
    assert {"pick-up", "machine"} <= {one.get("value") for one in page.of("button")}


def test_the_live_parts_are_those_of_the_page() -> None:
    def parts(template: str) -> set[str]:
        page = shown(template, a_phone(landline=landline_of([CALL])))
        return {attributes["id"] for _, attributes in page.tags if "data-part" in attributes}

    assert parts("simulator/_phone.html") == parts("simulator/phone.html") == {"landline", "came", "clock"}
