"""The colours of the pages: every text and every shape stands out from what lies behind it."""

import re
from pathlib import Path

import pytest

import recovery_api

PACKAGE = Path(recovery_api.__file__).parent
CLINIC = PACKAGE / "clinic/static/clinic"
STYLES = (CLINIC / "clinic.css").read_text()
PHONE_STYLES = (PACKAGE / "simulator/static/simulator/phone.css").read_text()

TEXTS = [
    *[("ink", behind) for behind in ("ground", "card", "theirs", "ours", "band", "ok-wash")],
    *[("ink", f"{tier}-wash") for tier in ("emergency", "urgent", "today", "silent", "review")],
    *[("ink-2", behind) for behind in ("ground", "card", "band", "urgent-wash", "today-wash", "silent-wash")],
    *[("link", behind) for behind in ("ground", "card", "emergency-wash", "urgent-wash")],
    *[("urgent", behind) for behind in ("ground", "card", "urgent-wash", "today-wash", "silent-wash")],
    *[(tier, "card") for tier in ("today", "silent", "review", "ok")],
    ("on-button", "button"),
    ("on-emergency", "emergency"),
    ("emergency", "emergency-wash"),
    ("today", "today-wash"),
    ("silent", "silent-wash"),
    ("review", "review-wash"),
    ("on-said", "said"),
]
SHAPES = [
    *[("edge", behind) for behind in ("card", "ground")],
    *[("link", behind) for behind in ("card", "ground", "emergency-wash", "urgent-wash")],
    *[("series", behind) for behind in ("card", "band", "emergency-wash", "urgent-wash")],
    *[("band-edge", behind) for behind in ("card", "urgent-wash")],
    *[("above", behind) for behind in ("card", "band", "emergency-wash", "urgent-wash")],
    *[("threshold", behind) for behind in ("card", "band")],
    *[("ink-2", behind) for behind in ("card", "emergency-wash", "urgent-wash")],
    *[(tier, "card") for tier in ("emergency", "urgent", "today", "silent", "review")],
    ("bar", "card"),
    ("brand", "card"),
    ("ok", "ground"),
    ("button", "card"),
    ("button", "ground"),
]


def tokens(styles: str, scheme: str) -> dict[str, str]:
    blocks = re.findall(r"(@media \(prefers-color-scheme: dark\) \{\s*)?:root \{(.*?)\}", styles, re.DOTALL)
    chosen = [body for is_dark, body in blocks if bool(is_dark) == (scheme == "dark")]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", chosen[0]))


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.fixture(params=["light", "dark"])
def palette(request: pytest.FixtureRequest) -> dict[str, str]:
    return tokens(STYLES, request.param) | tokens(PHONE_STYLES, request.param)


def test_contrast_is_reckoned_as_the_guideline_does() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#fff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize(("text", "behind"), TEXTS)
def test_text_stands_out_from_what_lies_behind_it(palette: dict[str, str], text: str, behind: str) -> None:
    assert contrast(palette[text], palette[behind]) >= 4.5


@pytest.mark.parametrize(("shape", "behind"), SHAPES)
def test_shapes_stand_out_from_what_lies_behind_them(palette: dict[str, str], shape: str, behind: str) -> None:
    assert contrast(palette[shape], palette[behind]) >= 3


def test_emergency_and_urgent_badges_differ_without_their_hue(palette: dict[str, str]) -> None:
    assert contrast(palette["emergency"], palette["card"]) >= 4.5, "the emergency badge is a filled block"
    assert ".badge.urgent { padding: 2px 8px 2px 5px; border: 2px solid var(--urgent);" in STYLES
    assert contrast(palette["emergency-wash"], palette["urgent-wash"]) >= 1.1


def test_both_schemes_name_the_same_colours() -> None:
    assert tokens(STYLES, "light").keys() == tokens(STYLES, "dark").keys()


def test_styles_use_no_colour_that_is_not_a_token() -> None:
    rules = re.sub(r":root \{.*?\}", "", STYLES, flags=re.DOTALL)
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b", rules)


def test_the_stylesheet_stays_under_twenty_kilobytes() -> None:
    assert len(STYLES.encode()) < 20_000


def test_nothing_is_fetched_from_elsewhere() -> None:
    for sheet in (STYLES, PHONE_STYLES):
        assert re.findall(r"url\((.*?)\)", sheet) in ([], ['"atkinson-hyperlegible-next.woff2"'])
        assert "@import" not in sheet
