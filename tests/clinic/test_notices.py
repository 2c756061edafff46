"""The cookie that carries a notice belongs to the pages: apps and carriers neither send nor get one."""

import pytest
from flask import session

from recovery_api.app import create_app
from recovery_api.config import Settings


@pytest.mark.parametrize(
    ("path", "carries"),
    [("/worklist", True), ("/api/v1/me/check-ins", False), ("/webhooks/twilio/sms/inbound", False)],
)
def test_only_pages_carry_a_notice(path: str, carries: bool) -> None:
    app = create_app(Settings())
    app.secret_key = "made up for this test alone"
    with app.test_request_context(path):
        assert app.session_interface.is_null_session(session._get_current_object()) is not carries  # type: ignore[attr-defined]
        if carries:
            session["notice"] = "kept"
        else:
            with pytest.raises(RuntimeError):
                session["notice"] = "lost"
