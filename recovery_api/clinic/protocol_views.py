"""The protocol in force: what patients are asked and told, on which days, with each text as it leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from itertools import pairwise

from flask import Blueprint, render_template, request

from recovery_api.clinic import words
from recovery_api.clinic.clinic_views import frame_here
from recovery_api.clinic.frame import Frame
from recovery_api.clinic.languages import NAMES
from recovery_api.clinic.session import colleague, form_token, signed_in
from recovery_api.clinic.text_page import title_of
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.tongue import ngettext
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.protocol_steps import Step
from recovery_api.domain.wording import twin_of
from recovery_api.services.find_protocol import list_versions, pinned_protocol, protocol_in_force
from recovery_api.services.read_texts import TextInUse, read_texts, shown_text
from recovery_api.wiring import wiring

blueprint = Blueprint("protocol", __name__)


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step: when, what kind, and the text as it leaves with what it costs."""

    key: str
    kind: str
    days: str
    at: str
    text: str
    segments: int
    audience: str

    @property
    def title(self) -> str:
        """What its text is called."""
        return title_of(self.key)


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version that the clinic keeps."""

    version: str
    published_at: datetime
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class ProtocolPage:
    """The protocol in force, its phases, its steps and its versions."""

    frame: Frame
    name: str
    version: str
    signed_off_by: str
    source: str
    phases: tuple[tuple[str, int, int], ...]
    steps: tuple[StepLine, ...]
    versions: tuple[VersionLine, ...]
    shown_in: str


@blueprint.get("/clinic/protocol")
@signed_in
def protocol() -> str:
    """What patients are asked and told."""
    now = wiring().clock.now()
    language = request.args.get("in", "en") if request.args.get("in") in NAMES else "en"
    with clinic_transaction(colleague().clinic_id, wiring().vaults) as scope:
        in_force = protocol_in_force(scope, now)
        versions = list_versions(scope)
        version = next(str(one.version) for one in versions if one.id == in_force)
        found = pinned_protocol(scope, in_force, version)
        texts = {one.key: one for one in read_texts(scope, language)}
        page = ProtocolPage(
            frame=frame_here(scope, now),
            name=found.name,
            version=version,
            signed_off_by=found.signed_off_by,
            source=found.source,
            phases=tuple((phase.id.replace("_", " "), phase.first, phase.last) for phase in found.phases),
            steps=tuple(_line(scope, step, _text_of(step, texts)) for step in sorted(found.steps, key=_place)),
            versions=tuple(VersionLine(str(one.version), one.published_at, one.id == in_force) for one in versions),
            shown_in=language,
        )
    return render_template("clinic/protocol.html", page=page, csrf=form_token())


def _place(step: Step) -> tuple[int, int, time]:
    """In the order of a patient's days: after the consultation, then by the day since the procedure, then visits."""
    at = step.at or time(0)
    if step.days_before_visit is not None:
        return 2, -step.days_before_visit, at
    if step.days_after_thinner is not None:
        return 1, step.days_after_thinner, at
    return (0, step.days_after_consultation, at) if step.days_after_consultation is not None else (1, step.days[0], at)


def _text_of(step: Step, texts: Mapping[str, TextInUse]) -> TextInUse:
    """The words of a step, as those are sent them whom it is meant for."""
    twin = twin_of(step.text_key) if step.audience == "caregiver" else ""
    return texts.get(twin) or texts[step.text_key]


def _line(scope: ClinicScope, step: Step, text: TextInUse) -> StepLine:
    at = f"{step.at:%H:%M}" if step.at else _("the patient's hour")
    return StepLine(
        key=text.key,
        kind=words.plan_word(step.kind),
        days=_when(step),
        at=at,
        text=shown_text(scope, text),
        segments=text.segments,
        audience=_("caregiver") if step.audience == "caregiver" else "",
    )


def _when(step: Step) -> str:
    if step.days_before_visit is not None:
        return ngettext("1 day before a visit", "%(num)s days before a visit", step.days_before_visit)
    if step.days_after_consultation is not None:
        return ngettext(
            "1 day after the consultation", "%(num)s days after the consultation", step.days_after_consultation
        )
    if step.days_after_thinner is not None:
        if step.days_after_thinner == 0:
            return _("the day for the blood thinner")
        return ngettext(
            "1 day after the day for the blood thinner",
            "%(num)s days after the day for the blood thinner",
            step.days_after_thinner,
        )
    return _("day %(day)s", day=_ranges(step.days))


def _ranges(days: Sequence[int]) -> str:
    """Days in short: "0–14, 16, 18", and before the procedure "-5 to -3"."""
    starts = [days[0], *(later for earlier, later in pairwise(days) if later != earlier + 1)] if days else []
    said = []
    for start in starts:
        end = start
        while end + 1 in days:
            end += 1
        between = _(" to ") if start < 0 else "–"
        said.append(str(start) if start == end else f"{start}{between}{end}")
    return ", ".join(said)
