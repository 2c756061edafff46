"""The signature of a web hook holds for the address as it came over the wire, not for what a server made of it."""

from typing import Any

import pytest
from flask import Flask

from recovery_api.app import create_app
from recovery_api.config import Settings
from recovery_api.hooks.raw_address import raw_path, raw_query
from tests.deployment import ACCOUNT, TOKEN, signed

STATUS = "/webhooks/twilio/status"
FORM = {"MessageSid": "SM" + "1" * 32, "AccountSid": ACCOUNT, "MessageStatus": "sent"}
GENUINE, FORGED = 404, 403  # genuine news of a text that is not ours, and news that nobody signed


def app_at(public_url: str) -> Flask:
    return create_app(
        Settings(env="test", public_url=public_url, twilio_account_sid=ACCOUNT, twilio_auth_tokens=(TOKEN,))
    )


def post(app: Flask, sent_to: str, signed_for: str, **options: Any) -> int:
    body, headers = signed(signed_for, FORM)
    return app.test_client().post(sent_to, data=body, headers=headers, **options).status_code


@pytest.mark.parametrize(
    "path",
    [
        STATUS,
        f"{STATUS}?",
        f"{STATUS}?m=a%2Fb%27",
        f"{STATUS}?m=%61bc&x=%C3%A9",
        f"{STATUS}?m=a;b&m=c",
        "/webhooks/twilio/%73tatus",
        "/webhooks/%74wilio/status?m=1",
    ],
)
def test_an_address_counts_as_it_was_written(path: str) -> None:
    app = app_at("https://recovery.test")
    assert post(app, path, f"https://recovery.test{path}") == GENUINE
    assert post(app, path, f"https://recovery.test{path}x") == FORGED


@pytest.mark.parametrize(
    ("sent_to", "signed_for"),
    [
        ("/webhooks/twilio/%73tatus", STATUS),
        (STATUS, "/webhooks/twilio/%73tatus"),
        (f"{STATUS}?m=%61", f"{STATUS}?m=a"),
        (f"{STATUS}?m=a", f"{STATUS}?m=%61"),
        (f"{STATUS}?a=1&b=2", f"{STATUS}?b=2&a=1"),
        (STATUS, f"/recovery{STATUS}"),
    ],
)
def test_another_spelling_of_the_same_address_is_another_address(sent_to: str, signed_for: str) -> None:
    assert post(app_at("https://recovery.test"), sent_to, f"https://recovery.test{signed_for}") == FORGED


@pytest.mark.parametrize("path", [f"/{STATUS}", "/webhooks//twilio/status", f"{STATUS};a=1", f"{STATUS}/"])
def test_a_path_that_is_none_of_ours_is_refused_and_not_redirected(path: str) -> None:
    assert post(app_at("https://recovery.test"), path, f"https://recovery.test{path}") == 404


def test_behind_a_proxy_that_takes_a_prefix_away_the_prefix_was_signed() -> None:
    app = app_at("https://clinic.test/recovery")
    assert post(app, STATUS, f"https://clinic.test/recovery{STATUS}") == GENUINE
    assert post(app, STATUS, f"https://clinic.test{STATUS}") == FORGED


def test_under_a_server_that_mounts_us_at_a_prefix_it_counts_once() -> None:
    app = app_at("https://clinic.test/recovery")
    mounted = {"base_url": "https://clinic.test/recovery"}
    assert post(app, STATUS, f"https://clinic.test/recovery{STATUS}", **mounted) == GENUINE
    assert post(app, STATUS, f"https://clinic.test/recovery/recovery{STATUS}", **mounted) == FORGED


def test_what_the_caller_says_of_our_address_makes_no_difference() -> None:
    lies = {"base_url": "https://staging.test"}
    app = app_at("https://recovery.test")
    assert post(app, STATUS, f"https://staging.test{STATUS}", **lies) == FORGED
    assert post(app, STATUS, f"https://recovery.test{STATUS}", **lies) == GENUINE


@pytest.mark.parametrize(
    ("environ", "path", "query"),
    [
        ({"PATH_INFO": "/a/b", "QUERY_STRING": "m=%20"}, "/a/b", "m=%20"),
        ({"PATH_INFO": "/a b;c=1,2:@&=+$!*'()~"}, "/a%20b;c=1,2:@&=+$!*'()~", ""),
        ({"PATH_INFO": "/\xc3\xa9%"}, "/%C3%A9%25", ""),
        ({"PATH_INFO": "/a/b", "RAW_URI": "/a%2Fb?x"}, "/a%2Fb", ""),
        ({"PATH_INFO": "/b", "SCRIPT_NAME": "/a", "REQUEST_URI": "/a/%62?x=1"}, "/%62", ""),
        ({"PATH_INFO": "/b", "RAW_URI": "https://else.test:8443/%62?x=1"}, "/%62", ""),
        ({"PATH_INFO": "//b", "RAW_URI": "//b"}, "//b", ""),
        ({}, "", ""),
    ],
)
def test_the_path_is_taken_from_what_the_server_kept_of_it(environ: dict[str, str], path: str, query: str) -> None:
    assert (raw_path(environ), raw_query(environ)) == (path, query)
