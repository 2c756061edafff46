"""Spreadsheets: read as Excel saves them, every bad row told with its line, all enrolled or nobody."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from recovery_api.domain.errors import Invalid
from recovery_api.domain.sheet import _untouched, decode, read_rows, safe_cell
from recovery_api.models import tables
from recovery_api.services.import_patients import HEADS, RowsRefused, Sheet, import_patients, read_sheet
from recovery_api.services.read_enrolment import NEEDED
from recovery_api.services.record_audit import SYSTEM
from tests.builders import NOW, BuiltClinic, PatientPersona

HEAD = "given_name,family_name,born_on,phone,levels,consent,procedure_on"
ROW = "Zwilbrynn,Quaddlewick,1948-03-12,+12125550147,L1,yes,2026-11-19"


def read(clinic: BuiltClinic, *lines: str, end: str = "\r\n", alphabet: str = "utf-8") -> Sheet:
    with clinic.open() as scope:
        return read_sheet(scope, end.join(lines).encode(alphabet), NOW)


def told(sheet: Sheet) -> list[tuple[int, str, str]]:
    return [(row.line, trouble.field, trouble.message) for row in sheet.bad for trouble in row.troubles]


@pytest.mark.parametrize("alphabet", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_sheet_is_read_as_spreadsheets_save_it(clinic: BuiltClinic, alphabet: str, separator: str) -> None:
    row = ROW.replace("Quaddlewick", "Ñandú")
    sheet = read(clinic, HEAD.replace(",", separator), row.replace(",", separator), "", alphabet=alphabet)
    assert told(sheet) == []
    [good] = sheet.good
    assert (good.line, good.enrolment.person.family_name) == (2, "Ñandú")
    assert good.enrolment.person.born_on == date(1948, 3, 12)


def test_heads_as_people_write_them_and_the_hint_of_excel_are_understood(clinic: BuiltClinic) -> None:
    head = "First name;Last Name;Date of birth;Mobile;LEVEL;Consent"
    sheet = read(clinic, "sep=;", head, "Zwilbrynn;Quaddlewick;12 Mar 1948;(212) 555-0147;T12 L1;Yes")
    assert told(sheet) == []
    [good] = sheet.good
    assert (good.line, good.enrolment.levels, good.enrolment.performed_on) == (3, ("T12", "L1"), None)


def test_every_bad_row_is_told_with_its_line_and_reason(clinic: BuiltClinic, ann: PatientPersona) -> None:
    sheet = read(
        clinic,
        HEAD,
        ROW,
        ROW.replace("1948-03-12", "03/04/1948").replace("0147", "0148"),
        '"Two\nlines",Quaddlewick,1948-03-12,+12125550149,L1,yes,2026-11-19',
        ",Quaddlewick,17604,1.21256E+10,L1-L2,no,soon",
        "",
        f"Other,Person,1950-01-01,{ann.phone},L1,yes,2026-11-19",
        ROW.replace("Zwilbrynn", "Somebody"),
        ROW,
        f"{ROW},more",
    )
    said = told(sheet)
    assert [line for line, _, _ in said] == [3, 4, 6, 6, 6, 6, 6, 6, 8, 9, 10, 11]
    assert [field for line, field, _ in said if line == 6] == [
        "given_name", "born_on", "phone", "procedure_on", "levels", "consent",
    ]  # fmt: skip
    reasons = {line: message for line, _, message in said}
    assert "could be 3 Apr 1948 or 4 Mar 1948" in reasons[3]
    assert "one line" in reasons[4]
    assert "speaks for another patient" in reasons[8]
    assert "is also in line 2" in reasons[9]
    assert "same person in line 2" in reasons[10]
    assert "more cells" in reasons[11]
    assert [row.line for row in sheet.good] == [2]


def test_every_reason_of_a_row_is_told_at_once(clinic: BuiltClinic, ann: PatientPersona) -> None:
    sheet = read(
        clinic,
        HEAD,
        ROW.replace("L1", "L9"),
        ROW.replace("Zwilbrynn", "Somebody"),
        f"Other,Person,1950-01-01,{ann.phone},L1,no,2026-11-19",
        f"Third,Person,1951-01-01,{ann.phone},L1,yes,2026-11-19",
        f"{'Long' * 200},Person,1952-01-01,{ann.phone},L1,yes,soon",
        ROW.replace("1948-03-12", "03/04/1948").replace("0147", "0148"),
        ROW.replace("1948-03-12", "03/04/1948").replace("0147", "0148"),
    )
    assert sheet.good == ()
    assert [(line, field) for line, field, _ in told(sheet)] == [
        (2, "levels"), (3, "phone"), (4, "phone"), (4, "consent"), (5, "phone"), (5, "phone"), (6, "given_name"),
        (6, "phone"), (6, "phone"), (6, "procedure_on"), (7, "born_on"), (8, "born_on"), (8, "phone"),
    ]  # fmt: skip
    phones = [(line, message) for line, field, message in told(sheet) if field == "phone"]
    also = [(line, message[:18]) for line, message in phones if message.startswith("is also in line")]
    assert also == [(3, "is also in line 2:"), (5, "is also in line 4:"), (6, "is also in line 4:"),
                    (8, "is also in line 7:")]  # fmt: skip
    assert [line for line, message in phones if "speaks for another patient" in message] == [4, 5, 6]


def test_with_one_bad_row_nobody_is_enrolled_and_without_one_everybody(clinic: BuiltClinic) -> None:
    good = [ROW, ROW.replace("0147", "0148").replace("2026-11-19", "open"), ROW.replace("0147", "0149")]
    with pytest.raises(RowsRefused), clinic.open() as scope:
        import_patients(scope, read_sheet(scope, "\n".join([HEAD, *good, ROW]).encode(), NOW), SYSTEM, NOW)
    with clinic.open() as scope:
        assert scope.connection.execute(select(func.count()).select_from(tables.patient)).scalar() == 0
        assert import_patients(scope, read_sheet(scope, "\n".join([HEAD, *good]).encode(), NOW), SYSTEM, NOW) == 3
    with clinic.open() as scope:
        assert count(scope, tables.episode) == 2
        assert count(scope, tables.planned_procedure) == 1
        assert count(scope, tables.consent) == 3
        audit = tables.audit_event
        event = scope.connection.execute(select(audit).where(audit.c.action == "patients.imported")).one()
        assert event.detail == {"patients": 3}


def test_what_fails_only_when_it_is_stored_leaves_nobody_half_enrolled(clinic: BuiltClinic) -> None:
    with clinic.open() as scope:
        twice = read_sheet(scope, f"{HEAD}\n{ROW}".encode(), NOW)
        both = Sheet(twice.good * 2, ())
    with pytest.raises(RowsRefused) as refused, clinic.open() as scope:
        import_patients(scope, both, SYSTEM, NOW)
    assert [row.line for row in refused.value.bad] == [2]
    with clinic.open() as scope:
        assert count(scope, tables.patient) == 0


def test_a_couple_on_one_phone_says_so_in_both_rows(clinic: BuiltClinic) -> None:
    lines = [f"{HEAD},shares_phone", f"{ROW},yes", f"{ROW.replace('Zwilbrynn', 'Ferdwin')},yes"]
    assert told(read(clinic, *lines)) == []
    assert [line for line, _, _ in told(read(clinic, lines[0], lines[1], lines[2].replace(",yes,", ",yes,")[:-3]))] == [
        3
    ]


def count(scope: Any, table: Any) -> int:
    return int(scope.connection.execute(select(func.count()).select_from(table)).scalar())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04xlsx", "workbook"),
        (b"\xd0\xcf\x11\xe0xls", "workbook"),
        (b"a\x00b", "no CSV"),
        (b"", "missing"),
        (b"given_name,phone\n", "missing: family_name, born_on, levels, consent"),
        (f"{HEAD},langauge\n".encode(), "no such column: langauge"),
        (f"{HEAD},mobile\n".encode(), "stand there twice: phone"),
        (f'{HEAD}\n{ROW}\n"open,{ROW}\n'.encode(), "the quotation marks in line 3 do not fit"),
        (f'{HEAD}\n"a"b,{ROW}\n'.encode(), "the quotation marks in line 2 do not fit"),
        pytest.param(b'"' + b"x" * 200_000, "the quotation marks in line 1 do not fit", id="a head that never ends"),
        pytest.param(b'"' + b"x" * 2_000, "the quotation marks in line 1 do not fit", id="a shorter one"),
        (f"{HEAD},{'x' * 500}\n".encode(), "no such column: x{40}[.] Columns"),
    ],
)
def test_a_file_that_is_no_sheet_of_ours_is_refused_with_the_reason(content: bytes, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        read_rows(decode(content), HEADS, NEEDED)


@given(st.text(max_size=20))
def test_no_cell_that_goes_out_begins_a_formula_and_every_one_comes_back(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.startswith(("\t", "\r", "\n"))
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    assert _untouched(cell) == text


@pytest.mark.parametrize(
    "text", ['=HYPERLINK("x")', "+12125550147", "-1", "@SUM(A1)", "\t=1", "\x0c=1", " =1", "＝1", "'=1"]
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert safe_cell(text) == f"'{text}"
