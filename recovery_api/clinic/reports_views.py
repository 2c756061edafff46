"""Reports: replies, waits, alerts, usefulness of the rules, and recovery; on paper and as CSV."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, Response, abort, render_template, request

from recovery_api.clinic import words
from recovery_api.clinic.clinic_views import frame_here
from recovery_api.clinic.csv_file import Cell, csv_answer
from recovery_api.clinic.frame import Frame
from recovery_api.clinic.report_charts import cohort_charts, rate_charts
from recovery_api.clinic.rules_page import rule_lines
from recovery_api.clinic.session import colleague, form_token, signed_in
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.words import N_
from recovery_api.db import clinic_transaction
from recovery_api.domain.alert_load import Usefulness
from recovery_api.domain.tiers import Tier
from recovery_api.domain.waits import Waits
from recovery_api.domain.written_days import iso_day
from recovery_api.services.clinic_rules import rules_of
from recovery_api.services.read_reports import read_reports
from recovery_api.services.record_audit import Actor
from recovery_api.services.report_contact import AlertRate
from recovery_api.services.report_recovery import FEWEST, CohortPoint
from recovery_api.services.report_replies import ReplyRate, ReplyReport
from recovery_api.services.report_responses import ResponseReport
from recovery_api.wiring import wiring

blueprint = Blueprint("reports", __name__)
LONGEST = 366
USUAL = 30
_AGES = (N_("under 60"), N_("60 to 69"), N_("70 to 79"), N_("80 and over"))
_COHORTS = (N_("everybody"), N_("one level"), N_("several levels"), N_("thoracic"), N_("lumbar"))


@dataclass(frozen=True, slots=True)
class ReportTable:
    """One table of the page, and of its file: `note` says how it is counted."""

    key: str
    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    chart: str = ""


@dataclass(frozen=True, slots=True)
class ReportsPage:
    """Every report over a stretch of the clinic's days."""

    frame: Frame
    since: date
    until: date
    tables: tuple[ReportTable, ...]


@blueprint.get("/clinic/reports")
@signed_in
def reports() -> str:
    """Every report."""
    page = _page()
    return render_template("clinic/reports.html", page=page, csrf=form_token())


@blueprint.get("/clinic/reports/<key>.csv")
@signed_in
def report_file(key: str) -> Response:
    """One table as a file."""
    page = _page()
    table = next((one for one in page.tables if one.key == key), None)
    if table is None:
        abort(404)
    return csv_answer(f"{key}_{page.since}_{page.until}.csv", table.head, table.rows)


def _page() -> ReportsPage:
    now, me = wiring().clock.now(), colleague()
    with clinic_transaction(me.clinic_id, wiring().vaults) as scope:
        since, until = _stretch(now.astimezone(scope.zone).date())
        found = read_reports(scope, since, until, Actor("clinician", me.id, me.role), now)
        tables = (
            *_reply_tables(found.replies),
            _acknowledged(found.responses),
            _contacted(found.contact),
            _alerts(found.alerts),
            _useful(found.useful, {line.id: line.said for line in rule_lines(rules_of(scope))}),
            _recovery(found.recovery),
        )
        return ReportsPage(frame_here(scope, now), since, until, tables)


def _stretch(today: date) -> tuple[date, date]:
    """The days that are asked for, in whichever order; the last month, where none are; a year at the most."""
    try:
        until = iso_day(request.args.get("until") or str(today))
        since = iso_day(request.args.get("since") or str(until - timedelta(days=USUAL - 1)))
    except ValueError:
        abort(400)
    since, until = sorted((since, until))
    return max(since, until - timedelta(days=LONGEST)), until


def _reply_tables(found: ReplyReport) -> tuple[ReportTable, ...]:
    counted = _("A question counts once it left; its day counts as answered with a pain score by whatever channel.")
    said: Mapping[str, tuple[str, Sequence[ReplyRate], Callable[[str], Cell]]] = {
        "replies_by_day": (_("Replies by day"), found.by_day, date.fromisoformat),
        "replies_by_channel": (_("Replies by channel of the question"), found.by_channel, words.channel_word),
        "replies_by_language": (_("Replies by language"), found.by_language, words.language_word),
        "replies_by_age": (_("Replies by age"), found.by_age, _),
    }
    head = (_("Group"), _("Asked"), _("Answered"), _("Share in percent"))
    tables = []
    for key, (title, rates, name) in said.items():
        rows = tuple((name(one.name), one.asked, one.answered, _percent(one.share)) for one in rates)
        chart = rate_charts(rates, title) if key == "replies_by_day" and rates else ""
        tables.append(ReportTable(key, title, counted if key == "replies_by_day" else "", head, rows, chart))
    return tuple(tables)


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def _acknowledged(found: ResponseReport) -> ReportTable:
    rows = tuple(
        (words.Group(one.tier.value).word, one.calls, one.answered, one.in_time, found.targets[one.tier],
         one.median_minutes, one.ninety_percent_minutes, one.longest_minutes)
        for one in found.tiers
    )  # fmt: skip
    head = (
        _("Tier"), _("Times raised"), _("Taken"), _("In time"), _("Target, min"), _("Half within, min"),
        _("Nine in ten within, min"), _("Longest, min"),
    )  # fmt: skip
    note = _(
        "From the moment a flag is raised until a person takes it. One nobody has taken counts with its wait so far."
    )
    return ReportTable("time_to_acknowledge", _("Time to acknowledge"), note, head, rows)


def _contacted(found: Mapping[Tier, Waits]) -> ReportTable:
    rows = tuple(
        (words.Group(tier.value).word, one.asked, one.ended, one.median, one.ninety) for tier, one in found.items()
    )
    head = (_("Tier"), _("Flags"), _("Contacted"), _("Half within, min"), _("Nine in ten within, min"))
    note = _(
        "From the opening of a flag until a logged call reached the patient, or the flag was closed by acting on it."
    )
    return ReportTable("time_to_contact", _("Time to contact"), note, head, rows)


def _alerts(rates: Sequence[AlertRate]) -> ReportTable:
    rows = tuple(
        (words.Group(one.tier.value).word, one.flags, one.patient_days,
         None if one.per_100_days is None else round(one.per_100_days, 2))
        for one in rates
    )  # fmt: skip
    head = (_("Tier"), _("Flags"), _("Patient-days"), _("Per 100 patient-days"))
    return ReportTable(
        "alerts", _("Flags per 100 patient-days"), _("Flags by the tier at which they stand."), head, rows
    )


def _useful(found: Sequence[Usefulness], said: Mapping[str, str]) -> ReportTable:
    rows = tuple(
        (
            one.rule,
            said.get(one.rule),
            one.flags,
            one.resolved,
            one.acted_on,
            one.false_alarms,
            _percent(one.share_acted_on),
        )
        for one in found
    )
    head = (
        _("Rule"), _("What it says"), _("Flags"), _("Closed"), _("Acted on"), _("False alarms"),
        _("Acted on, in percent"),
    )  # fmt: skip
    note = _("What came of the flags that each rule opened; the share is of those that are closed.")
    return ReportTable("usefulness", _("Usefulness of each rule"), note, head, rows)


def _recovery(points: Sequence[CohortPoint]) -> ReportTable:
    rows = tuple(
        (_(one.cohort), one.day, one.patients, one.before, one.pain, *one.published) for one in points if one.patients
    )
    head = (
        _("Cohort"), _("Day"), _("Patients, n"), _("Mean pain before"), _("Mean pain then"), _("Published, from"),
        _("Published, to"),
    )  # fmt: skip
    note = _(
        "All recoveries so far, each patient once in a window of days. Published: VERTOS II and IV, plus and minus one "
        "standard deviation. Means of fewer than %(least)s patients are left out.",
        least=FEWEST,
    )
    return ReportTable("recovery", _("Recovery by cohort"), note, head, rows, cohort_charts(points))
