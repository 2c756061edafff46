"""A set-up link is good once, however many come with it at the same moment."""

from concurrent.futures import ThreadPoolExecutor

import pyotp
from flask import Flask

from recovery_api.domain.errors import NotFound
from recovery_api.services.add_clinic import NewClinician, add_clinician, finish_set_up, open_set_up
from tests.builders import NOW, make_clinic


def test_of_six_passwords_at_once_one_is_set(app: Flask) -> None:
    clinic = make_clinic(app)
    vaults = clinic.wiring.vaults
    with clinic.open() as scope:
        _, secret = add_clinician(scope, NewClinician("fay@clinic.example", "Fay Made-up", "nurse"), vaults, NOW)
    with app.app_context():
        code = pyotp.TOTP(open_set_up(secret, vaults).totp_secret).now()

    def try_one(number: int) -> bool:
        with app.app_context():
            try:
                return finish_set_up(secret, f"made-up password {number}", code, vaults, NOW) == "fay@clinic.example"
            except NotFound:
                return False

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(try_one, range(6))).count(True) == 1
