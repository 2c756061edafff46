"""The page that enrols from a spreadsheet: every bad row is shown first, then all are enrolled or nobody."""

import io

from sqlalchemy import func, select

from recovery_api.models import tables
from tests.builders import BuiltClinic, Persona
from tests.clinic.page_reader import Page
from tests.clinic.test_enrol_page import browser, token

HEAD = "given_name;family_name;born_on;phone;levels;consent\r\n"
GOOD = "Zoë;<b>Quad</b>;12 Mar 1948;+12125550147;T12 L1;yes\r\n"
BAD = "Ferdwin;Plover;03/04/1948;+12125550148;L1-L3;no\r\n"
PATH = "/enrol/import"


def enrolled(clinic: BuiltClinic) -> int:
    with clinic.open() as scope:
        return int(scope.connection.execute(select(func.count()).select_from(tables.patient)).scalar_one())


def test_every_bad_row_is_shown_and_then_all_are_enrolled(ben: Persona) -> None:
    client = browser(ben)
    csrf = token(client, PATH)

    def look(text: str, alphabet: str = "cp1252") -> str:
        file = (io.BytesIO(text.encode(alphabet)), "patients.csv")
        answer = client.post(PATH, data={"csrf": csrf, "file": file}, content_type="multipart/form-data")
        assert answer.status_code in (200, 422)
        return answer.text

    shown = Page(look(HEAD + GOOD + BAD)).text
    assert "1 row to be mended, nobody is enrolled" in shown
    assert "could be 3 Apr 1948 or 4 Mar 1948" in shown
    assert "write every vertebra by itself" in shown
    assert "without it nobody is enrolled" in shown
    assert '"confirm"' not in shown
    looked = look(HEAD + GOOD, "utf-8-sig")
    assert "1 patient can be enrolled" in looked
    assert "&lt;b&gt;Quad&lt;/b&gt;, Zoë" in looked
    assert enrolled(ben.clinic) == 0
    content = (
        looked.partition('aria-hidden="true">\n')[2]
        .partition("</textarea>")[0]
        .replace("&lt;", "<")
        .replace("&gt;", ">")
    )
    sent = {"csrf": csrf, "confirm": "1", "content": content}
    assert client.post(PATH, data=sent, content_type="multipart/form-data").headers["Location"] == "/worklist"
    assert enrolled(ben.clinic) == 1
    again = client.post(PATH, data=sent, content_type="multipart/form-data")
    assert "they are enrolled already" in again.text
    assert enrolled(ben.clinic) == 1


def test_what_is_no_sheet_is_refused_in_words(ben: Persona) -> None:
    client = browser(ben)
    csrf = token(client, PATH)
    rows = "".join(GOOD.replace("0147", f"{place:04}") for place in range(101))
    for content, said in ((b"PK\x03\x04", "workbook"), (b"", "no file was chosen"), (b"a;b\n", "no such column"),
                          ((HEAD + rows).encode(), "100 rows at once")):  # fmt: skip
        file = (io.BytesIO(content), "patients.csv")
        answer = client.post(PATH, data={"csrf": csrf, "file": file}, content_type="multipart/form-data")
        assert (answer.status_code, said in answer.text.lower()) == (422, True), said
    large = (io.BytesIO(b"x" * 300_000), "patients.csv")
    too_large = client.post(PATH, data={"csrf": csrf, "file": large}, content_type="multipart/form-data")
    assert (too_large.status_code, "256 KB and 100 rows" in too_large.text) == (413, True)
    file = (io.BytesIO(HEAD.encode()), "patients.csv")
    assert client.post(PATH, data={"file": file}, content_type="multipart/form-data").status_code == 403
    elsewhere = client.post("/enrol", data={"csrf": csrf}, content_type="multipart/form-data")
    assert elsewhere.status_code == 415
    assert "given_name,family_name" in client.get(f"{PATH}/patients.csv").text
