"""The ladder: whom a flag is told to, how and after how many minutes; leads put another in force."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from recovery_api.clinic import words
from recovery_api.clinic.clinic_views import for_leads, frame_here, is_lead, lead_deed
from recovery_api.clinic.duty_words import DAYS, TOLD
from recovery_api.clinic.frame import Choice, Frame
from recovery_api.clinic.session import colleague, form_token, signed_in
from recovery_api.clinic.tongue import gettext as _
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.errors import Invalid
from recovery_api.domain.ladder import AUDIENCES, CHANNELS, Ladder, Rung
from recovery_api.domain.ladder_file import WEEKDAYS
from recovery_api.domain.tiers import Tier
from recovery_api.services.find_ladder import ClinicLadder, LastResort, find_ladder
from recovery_api.services.read_phone import read_phone
from recovery_api.services.record_audit import Actor
from recovery_api.services.set_ladder import set_ladder
from recovery_api.wiring import wiring

blueprint = Blueprint("ladder", __name__)
MOST_RUNGS = 6


@dataclass(frozen=True, slots=True)
class RungLine:
    """One rung as its form shows it; an empty one waits to be filled."""

    after: str
    tell: str
    by: tuple[str, ...]
    said: str = ""


@dataclass(frozen=True, slots=True)
class TierLine:
    """The rungs of one tier."""

    tier: str
    word: str
    rungs: tuple[RungLine, ...]
    repeat: int

    @property
    def repeat_said(self) -> str:
        """After how long the last rung is told again, in words."""
        return words.span(self.repeat)


@dataclass(frozen=True, slots=True)
class LadderPage:
    """The ladder in force, and the form that sets another."""

    frame: Frame
    name: str
    version: str
    source: str
    tiers: tuple[TierLine, ...]
    audiences: tuple[Choice, ...]
    channels: tuple[Choice, ...]
    days: tuple[tuple[str, str, bool], ...]
    opens: str
    closes: str
    phone: str
    email: str
    may_change: bool


@blueprint.get("/clinic/ladder")
@signed_in
def ladder() -> str:
    """Whom a flag is told to."""
    now = wiring().clock.now()
    with clinic_transaction(colleague().clinic_id, wiring().vaults) as scope:
        page = _ladder_page(find_ladder(scope), frame_here(scope, now))
    return render_template("clinic/ladder.html", page=page, csrf=form_token())


@blueprint.post("/clinic/ladder")
@for_leads
def change_ladder() -> Response:
    """Put the ladder of the form in force."""

    def put_in_force(scope: ClinicScope, actor: Actor, now: datetime) -> None:
        found = find_ladder(scope)
        content = _content(found.ladder) | {"ladder": "own", "version": f"{now:%Y-%m-%d %H:%M}"}
        last = found.last_resort
        if request.form.get("tier", "") in set(Tier):
            content["tiers"] |= _form_tier(Tier(request.form["tier"]))
        else:
            content |= _form_hours()
            phone, email = request.form.get("phone", "").strip(), request.form.get("email", "").strip()
            last = LastResort(read_phone(phone, "phone") if phone else None, email or None)
        set_ladder(scope, content, last, actor, now)

    return lead_deed(put_in_force, _("The ladder is in force. Flags that are climbing go on by it."), "/clinic/ladder")


def _ladder_page(found: ClinicLadder, frame: Frame) -> LadderPage:
    ladder, last = found.ladder, found.last_resort
    return LadderPage(
        frame=frame,
        name=ladder.name,
        version=ladder.version,
        source=ladder.source,
        tiers=tuple(
            TierLine(tier.value, words.Group(tier.value).word, _rungs(one.rungs), one.repeat_minutes)
            for tier, one in ladder.tiers.items()
        ),
        audiences=tuple(Choice(one, _(TOLD[one])) for one in AUDIENCES),
        channels=tuple(Choice(one, words.channel_word(one)) for one in CHANNELS),
        days=tuple((name, _(DAYS[at]), at in ladder.weekdays) for at, name in enumerate(WEEKDAYS)),
        opens=f"{ladder.opens:%H:%M}",
        closes=f"{ladder.closes:%H:%M}",
        phone=last.phone or "",
        email=last.email or "",
        may_change=is_lead(),
    )


def _rungs(rungs: tuple[Rung, ...]) -> tuple[RungLine, ...]:
    lines = [RungLine(str(rung.after_minutes), rung.tell, rung.by, _said(rung)) for rung in rungs]
    return tuple(lines + [RungLine("", "", ())] * max(0, MOST_RUNGS - len(lines)))


def _said(rung: Rung) -> str:
    by = ", ".join(words.channel_word(one) for one in rung.by)
    if not rung.after_minutes:
        return _("at once: %(who)s, by %(by)s", who=_(TOLD[rung.tell]), by=by)
    return _("after %(time)s: %(who)s, by %(by)s", time=words.span(rung.after_minutes), who=_(TOLD[rung.tell]), by=by)


def _content(ladder: Ladder) -> dict[str, Any]:
    """A ladder as its file would say it."""
    return {
        "ladder": ladder.name,
        "version": ladder.version,
        "source": ladder.source,
        "working_hours": {
            "opens": f"{ladder.opens:%H:%M}",
            "closes": f"{ladder.closes:%H:%M}",
            "days": [name for at, name in enumerate(WEEKDAYS) if at in ladder.weekdays],
        },
        "tiers": {
            tier.value: {
                "repeat_minutes": one.repeat_minutes,
                "rungs": [{"after": r.after_minutes, "tell": r.tell, "by": list(r.by)} for r in one.rungs],
            }
            for tier, one in ladder.tiers.items()
        },
    }


def _form_hours() -> dict[str, Any]:
    form = request.form
    days = [name for name in WEEKDAYS if form.get(f"day_{name}")]
    return {
        "source": form.get("source", "").strip()[:500] or "The clinic's own",
        "working_hours": {"opens": form.get("opens", ""), "closes": form.get("closes", ""), "days": days},
    }


def _form_tier(tier: Tier) -> dict[str, Any]:
    """One tier of the form; what is wrong with it is found when the ladder is read."""
    return {tier.value: {"repeat_minutes": _whole(f"{tier.value}_repeat"), "rungs": _form_rungs(tier)}}


def _form_rungs(tier: Tier) -> list[dict[str, Any]]:
    rungs = []
    for number in range(MOST_RUNGS):
        place = f"{tier.value}_{number}"
        if request.form.get(f"{place}_after", "").strip():
            by = [channel for channel in CHANNELS if request.form.get(f"{place}_{channel}")]
            rungs.append({"after": _whole(f"{place}_after"), "tell": request.form.get(f"{place}_tell", ""), "by": by})
    return rungs


def _whole(name: str) -> int:
    text = request.form.get(name, "").strip()
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise Invalid(_("Minutes are whole numbers."), field=name)
    return int(text)
