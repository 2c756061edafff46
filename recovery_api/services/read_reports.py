"""Everything that the page of reports counts, in one statement, on the reading copy where there is one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from recovery_api.db import ClinicScope
from recovery_api.domain.alert_load import Usefulness
from recovery_api.domain.local_time import local_instant
from recovery_api.domain.tiers import Tier
from recovery_api.domain.waits import Waits
from recovery_api.services.ask_once import ask_once
from recovery_api.services.read_on_copy import on_reading_copy
from recovery_api.services.record_audit import Actor
from recovery_api.services.replay_history import usefulness_asked, usefulness_told
from recovery_api.services.report_contact import AlertRate, alerts_asked, alerts_told, contact_asked, contact_told
from recovery_api.services.report_recovery import CohortPoint, recovery_asked, recovery_told
from recovery_api.services.report_replies import ReplyReport, replies_asked, replies_told
from recovery_api.services.report_responses import ResponseReport, responses_asked, responses_told


@dataclass(frozen=True, slots=True)
class Reports:
    """Replies, waits, alerts, usefulness and recovery over a stretch of the clinic's days."""

    replies: ReplyReport
    responses: ResponseReport
    contact: Mapping[Tier, Waits]
    alerts: Sequence[AlertRate]
    useful: Sequence[Usefulness]
    recovery: Sequence[CohortPoint]


def read_reports(scope: ClinicScope, since: date, until: date, viewer: Actor, now: datetime) -> Reports:
    """Every report over local days, both ends included; recovery is that of all days. The look is audited."""
    start = local_instant(scope.zone, since, datetime.min.time())
    end = local_instant(scope.zone, until + timedelta(days=1), datetime.min.time())
    with on_reading_copy(scope) as copy:
        found = ask_once(
            copy,
            **replies_asked(copy, since, until),
            **alerts_asked(copy, (since, until), start, end),
            responses=responses_asked(copy, start, end),
            contact=contact_asked(copy, start, end),
            useful=usefulness_asked(copy, start),
            recovery=recovery_asked(copy),
        )
    return Reports(
        replies=replies_told(scope, found, until),
        responses=responses_told(scope, found["responses"], (start, end), viewer, now),
        contact=contact_told(found["contact"]),
        alerts=alerts_told(found),
        useful=usefulness_told(found["useful"]),
        recovery=recovery_told(found["recovery"]),
    )
