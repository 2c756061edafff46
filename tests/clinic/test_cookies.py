"""The door of the pages: its cookies are bound to this host and to https, and a form is good with one of them alone."""

import hashlib
import re
from datetime import timedelta

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert
from werkzeug.test import TestResponse

from recovery_api.clock import real_now
from recovery_api.models import tables
from tests.builders import PASSWORD, TOTP_SECRET, BuiltClinic, make_clinician

EMAIL = "eda@clinic.example"


@pytest.fixture
def visitor(clinic: BuiltClinic) -> FlaskClient:
    """A browser that was never here, of a lead who has an account."""
    make_clinician(clinic, "lead", email=EMAIL, signs_in=True)
    return clinic.app.test_client()


def form(page: TestResponse, **fields: str) -> dict[str, str]:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
    assert found is not None
    return {"csrf": found[1], **fields}


def sign_in(client: FlaskClient, page: TestResponse) -> TestResponse:
    fields = form(page, email=EMAIL, password=PASSWORD, totp=pyotp.TOTP(TOTP_SECRET).now())
    return client.post("/sign-in", data=fields)


def test_every_cookie_is_bound_to_this_host_and_to_https(visitor: FlaskClient) -> None:
    answers = [visitor.get("/sign-in"), visitor.get("/language?to=es")]
    answers.append(sign_in(visitor, answers[0]))
    ended = form(visitor.get("/account"))
    answers.append(visitor.post("/account/sessions/end", data=ended))  # carries a notice
    answers.append(visitor.post("/sign-out", data=ended))
    cookies = [cookie for answer in answers for cookie in answer.headers.getlist("Set-Cookie")]
    assert {cookie.partition("=")[0] for cookie in cookies} == {
        "__Host-visit", "__Host-language", "__Host-session", "__Host-notice",
    }  # fmt: skip
    for cookie in cookies:
        said = {part.strip() for part in cookie.split(";")[1:]}
        assert said >= {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"}
        assert "Domain=" not in cookie


def test_a_token_that_hangs_on_no_cookie_opens_no_form(visitor: FlaskClient) -> None:
    stranger = visitor.application.test_client()
    stranger.set_cookie("__Host-session", ".")
    assert sign_in(visitor, stranger.get("/sign-in")).status_code == 403


def test_a_door_that_is_shut_for_a_while_says_for_how_long(visitor: FlaskClient, clinic: BuiltClinic) -> None:
    here = clinic.wiring.vaults.data_key.successor("127.0.0.1", "knock").encode()
    knocked = {"digest": hashlib.sha256(here).digest(), "full_at": real_now() + timedelta(seconds=90)}
    with clinic.open() as scope:
        scope.connection.execute(insert(tables.knock), knocked)
    answer = sign_in(visitor, visitor.get("/sign-in"))
    assert (answer.status_code, 1 <= int(answer.headers.get("Retry-After", 0)) <= 31) == (429, True)


def test_whoever_has_a_dead_cookie_can_still_sign_in(visitor: FlaskClient) -> None:
    for dead in (".", "gone", "gone.too"):
        visitor.set_cookie("__Host-session", dead)
        assert sign_in(visitor, visitor.get("/sign-in")).status_code in (303, 401), dead


def test_whoever_comes_from_another_site_signs_in_although_an_old_session_was_kept_back(visitor: FlaskClient) -> None:
    page = visitor.get("/sign-in")  # a browser sends no strict cookie along with a link of another site
    visitor.set_cookie("__Host-session", "gone.too")
    assert visitor.post("/passkey/options", data=form(page)).status_code == 200
    assert sign_in(visitor, page).status_code == 303
    behind = visitor.post("/account/sessions/end", data=form(page))
    assert behind.status_code == 403, "the token of the door is good at the door alone"
