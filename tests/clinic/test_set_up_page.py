"""The page of a new account: its second factor can be taken by a camera, not by hand alone."""

from dataclasses import replace

from recovery_api.clinic.qr_code import draw
from tests.clinic.made_up_pages import SET_UP
from tests.clinic.page_reader import shown


def test_the_key_of_the_second_factor_is_a_square_too_dark_on_white_in_every_light() -> None:
    page = shown("clinic/set_up.html", SET_UP)
    square = draw(SET_UP.totp_uri)
    [drawn] = [path for path in page.of("path") if path.get("d") == square.path]
    assert (drawn["fill"], page.of("rect")[-1]["fill"]) == ("#000", "#fff")
    assert {"role": "img", "viewbox": f"0 0 {square.size} {square.size}"}.items() <= page.of("svg")[-1].items()
    assert "JBSW Y3DP EHPK 3PXP" in page.text, "and by hand as ever"


def test_a_key_that_no_square_holds_is_typed() -> None:
    page = shown("clinic/set_up.html", replace(SET_UP, totp_uri="otpauth://totp/" + "x" * 4000))
    assert "JBSW Y3DP EHPK 3PXP" in page.text
    assert "camera" not in page.text
