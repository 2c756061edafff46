"""The one page for a link that opens nothing, for whoever reads another language than their phone."""

import re

from tests.patient.conftest import WebPhone


def test_a_closed_link_is_read_in_the_other_language_too(phone: WebPhone) -> None:
    page = phone.get("/c/no-such-link", headers={"Accept-Language": "en"})
    assert (page.status_code, "This link has closed" in page.text) == (410, True)
    other = re.search(r'<a class="other" href="([^"]+)" lang="es">Español</a>', page.text)
    assert other is not None
    told = phone.get(other[1], headers={"Accept-Language": "en"})
    assert (told.status_code, "Este enlace está cerrado" in told.text) == (410, True)
    assert 'lang="en">English</a>' in told.text


def test_a_session_that_is_over_offers_the_other_language_wherever_it_ends(phone: WebPhone) -> None:
    for path in ("/c/q/pain", "/c/visit", "/c/form"):
        assert 'href="/c/closed?lang=es"' in phone.get(path).text, path
