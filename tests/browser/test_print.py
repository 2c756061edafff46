"""What the printer gets: no page that is nearly empty before a long table, and none for its last line alone."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page

import recovery_api
from recovery_api.clinic.audit_views import AuditPage
from recovery_api.services.read_audit import AuditLine
from tests.clinic.made_up_pages import NOW, a_frame, a_row, a_worklist
from tests.clinic.page_reader import shown

pytestmark = pytest.mark.browser
STATIC = Path(recovery_api.__file__).parent / "clinic/static/clinic"
LEAF = re.compile(rb"/Type /Page\b")
LINE = AuditLine(UUID(int=1), NOW, "clinician", "Nia Roberts", "flag.resolved", None, "", {})


@pytest.fixture
def paper(browser: Browser) -> Iterator[Page]:
    """A window without a network."""
    context = browser.new_context(offline=True)
    yield context.new_page()
    context.close()


def leaves(paper: Page, page: str, *styles: str) -> int:
    """How many sheets of letter a page takes."""
    paper.set_content(page, wait_until="commit")
    for name in ("clinic", "print", *styles):
        own = (STATIC / f"{name}.css").read_text(encoding="utf-8")
        paper.add_style_tag(content=f"@media print {{{own}}}" if name == "print" else own)
    return len(LEAF.findall(paper.pdf(format="Letter")))


def test_a_long_table_begins_on_the_sheet_of_its_heading(paper: Page) -> None:
    page = AuditPage(a_frame(), (LINE,) * 60, (), "", "", "", "")
    assert leaves(paper, shown("clinic/audit.html", page).source, "lead") == 2


def test_twelve_patients_of_a_handover_fit_on_one_sheet(paper: Page) -> None:
    rows = [a_row(number) for number in range(12)]
    assert leaves(paper, shown("clinic/worklist_handover.html", a_worklist(*rows)).source, "sheet") == 1
