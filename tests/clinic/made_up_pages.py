"""Made-up patients for the tests of the clinicians' pages."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from recovery_api.clinic.check_in_views import CheckInPage
from recovery_api.clinic.courses import BandDay, Course, CourseFlag, CoursePoint
from recovery_api.clinic.door_page import DemoStaff, SetUpPage, SignInPage
from recovery_api.clinic.flag_page import NotePage, ResolvePage
from recovery_api.clinic.flags import FlagBox, WorklistRow
from recovery_api.clinic.frame import Choice, Frame, StoryLine, Waiting
from recovery_api.clinic.inbox_page import InboxItem, InboxPage
from recovery_api.clinic.patient_page import (
    Care,
    Composer,
    ContactLine,
    LookLine,
    PastEpisode,
    PatientPage,
    PlanItem,
    Template,
    ThreadMessage,
    Visit,
)
from recovery_api.clinic.people_views import PeoplePage, PersonLine
from recovery_api.clinic.problem_page import ProblemPage
from recovery_api.clinic.text_page import TextGroup, TextLine, TextPage, TextsPage, WordingLine
from recovery_api.clinic.words import Group
from recovery_api.clinic.worklist_page import HandoverPage, WorklistPage
from recovery_api.domain.tiers import Tier
from recovery_api.simulator.phone_page import PhoneBubble, PhonePage, PhonePatient

ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 22, 14, 10, 5, tzinfo=UTC)
BAND = tuple(BandDay(day, max(0.0, 5 - day * 0.3), max(3.0, 8 - day * 0.3)) for day in range(15))


def a_course(*scores: int | None, **changes: object) -> Course:
    days = tuple(
        CoursePoint(day, pain, date(2026, 11, 13) + timedelta(days=day), "short_walks" if pain is not None else None)
        for day, pain in enumerate(scores)
    )
    known = {"today": len(scores) - 1, "points": days, "band": BAND, "baseline": 8, "threshold": 7}
    return Course(**{**known, "threshold_label": "7: clinic review", **changes})


MARGARET = a_course(7, 5, 4, 4, 3, 3, None, 4, 5, 8, flags=(CourseFlag(9, Group.EMERGENCY, "New leg weakness"),))


def a_frame(**changes: object) -> Frame:
    known = {"now": NOW, "zone": ZONE, "open_count": 3, "inbox_count": 2}
    return Frame("Spine clinic", "Nia Example, RN", **{**known, **changes})


def a_row(number: int = 1, **changes: object) -> WorklistRow:
    known = {
        "flag_id": f"flag-{number}",
        "flag_version": 3,
        "tier": Tier.URGENT,
        "family": "red_flag",
        "status": "open",
        "why": "New leg weakness reported",
        "waiting": Waiting(88, 60),
        "quote": "my legs feel weak since last night",
        "quote_language": "en",
        "patient_id": f"patient-{number}",
        "patient_name": "Whitfield, Margaret",
        "course": MARGARET,
        "sex": "F",
        "age": 78,
        "levels": "T12, L1",
    }
    return WorklistRow(**{**known, **changes})


def a_worklist(*rows: WorklistRow, **changes: object) -> WorklistPage:
    groups = [row.group for row in rows]
    known = {
        "frame": a_frame(),
        "show": "all",
        "counts": {"all": len(rows), "mine": 1, "unassigned": 2, "silent": 0, "resolved": 4},
        "group_counts": {group.value: groups.count(group) for group in Group},
        "rows": rows,
        "total_patients": 60,
        "last_reply_at": NOW - timedelta(minutes=6),
    }
    return WorklistPage(**{**known, **changes})


def a_flag(**changes: object) -> FlagBox:
    known = {
        "flag_id": "flag-1",
        "flag_version": 3,
        "tier": Tier.EMERGENCY,
        "family": "red_flag",
        "status": "open",
        "why": "New leg weakness reported",
        "waiting": Waiting(88, 15),
        "quote": "my legs feel weak",
        "quote_language": "en",
        "evidence": "text today 07:42",
        "told": "on-call paged twice",
    }
    return FlagBox(**{**known, **changes})


STORY = (StoryLine(NOW - timedelta(minutes=88), "Rule RF-A opened an emergency flag"),)
COLLEAGUES = (Choice("colleague-1", "M. Sample, MD"),)


TEMPLATE = Template("will_call", "We will call you", "Harbour Clinic: A nurse will call you today.", "en")


def a_patient(**changes: object) -> PatientPage:
    known = {
        "frame": a_frame(),
        "patient_id": "patient-1",
        "given_name": "Margaret",
        "family_name": "Whitfield",
        "born_on": date(1948, 3, 12),
        "sex": "F",
        "record_number": "440000",
        "phone": "+12125550100",
        "language": "en",
        "procedure": "Vertebroplasty T12, L1",
        "procedure_on": date(2026, 11, 13),
        "course": MARGARET,
        "flags": (a_flag(), a_flag(flag_id="flag-2", status="acknowledged", owner="M. Sample")),
        "story": STORY,
        "thread": (
            ThreadMessage("out", "How is your back pain now?", NOW, "Clinic", "delivered", language="en"),
            ThreadMessage("in", "my legs feel weak", NOW, "Margaret", is_evidence=True, language="en"),
        ),
        "visits": (Visit(NOW + timedelta(days=5), "Follow-up visit", "not confirmed"),),
        "contacts": (ContactLine("Own mobile", "+12125550100", "takes texts"),),
        "plan": (PlanItem(NOW + timedelta(hours=8), "Pain question"),),
        "colleagues": COLLEAGUES,
        "position": 1,
        "position_of": 3,
        "next_patient_id": "patient-2",
        "next_patient_name": "Haddad, Ivan",
        "composer": Composer(draft="We will call you", cost="1 text, 16 of 160", templates=(TEMPLATE,)),
        "care": Care("episode-1", "vertebroplasty 1.0", "09:30", None, False, "2026-11-23", "2027-02-20"),
        "past": (PastEpisode(date(2025, 1, 3), "L1", "ended"),),
        "looks": (LookLine("Nia Example, RN", 3, NOW),),
    }
    return PatientPage(**{**known, **changes})


def a_phone(**changes: object) -> PhonePage:
    margaret = PhonePatient("patient-1", "Whitfield, Margaret", "Margaret", "+12125550100", 9, is_flagged=True)
    known = {
        "clinic_name": "Spine clinic",
        "clinic_number": "+12125550199",
        "now": NOW,
        "zone": ZONE,
        "patients": (margaret, PhonePatient("patient-2", "Haddad, Ivan", "Ivan", "+12125550101", 17, "es")),
        "patient": margaret,
        "course": MARGARET,
        "thread": (PhoneBubble("in", "How is your pain?", NOW, "delivered"), PhoneBubble("out", "8", NOW)),
        "did": STORY,
        "flags": (a_flag(),),
        "notice": "Moved to the next message.",
    }
    return PhonePage(**{**known, **changes})


RESOLVE = ResolvePage(
    a_frame(),
    "patient-1",
    "Whitfield, Margaret",
    a_flag(),
    (Choice("advised", "Called, advised at home"), Choice("could_not_reach", "Could not reach")),
    outcome="advised",
    note="Reached her daughter.",
    errors={"note": "Write a note."},
)
DECISIONS = (Choice("called", "Called"), Choice("other", "Something else"))
INBOX = InboxPage(
    a_frame(),
    tuple(
        InboxItem(
            f"message-{kind}", kind, NOW, "+12125550107", "the cat sat on it", "No number found.", COLLEAGUES, DECISIONS
        )
        for kind in ("unknown_sender", "shared_phone", "unreadable", "opt_out")
    ),
)
SET_UP = SetUpPage("token", "Spine clinic", "Nia Example", "nia@demo.example", "JBSWY3DPEHPK3PXP", "otpauth://totp/x")


def a_text(**changes: object) -> TextPage:
    line = TextLine(
        "saved",
        "en",
        "Thanks, we saved 10. Text FIX 7.",
        "Thanks, we saved {n}. Text FIX 7.",
        "GSM-7",
        1,
        32,
        1.2,
        True,
    )
    wordings = tuple(
        WordingLine(f"wording-{state}", "Own {n}", "Own {n}", state, "L. Harrow", NOW, "Dr Penn", NOW)
        for state in ("waiting", "in_effect", "refused")
    )
    known = {"history": wordings, "may_sign": True, "may_propose": True, "draft": "Own {n}", "errors": ("lost {n}",)}
    return TextPage(**{"frame": a_frame(), "line": line, "shipped": "Thanks, we saved {n}.", **known, **changes})


SPANISH = replace(a_text().line, language="es", is_waiting=True)
TEXTS = TextsPage(a_frame(), (TextGroup("saved", (a_text().line, SPANISH)),), 1)


EVERY_PAGE = {
    "clinic/worklist.html": a_worklist(a_row(), a_row(2, tier=Tier.TODAY, status="snoozed", snoozed_until=NOW)),
    "clinic/_worklist_rows.html": a_worklist(a_row(more_count=2, owner="M. Sample", status="acknowledged")),
    "clinic/worklist_handover.html": HandoverPage(a_frame(), (a_row(), a_row(2)), "2 urgent."),
    "clinic/patient.html": a_patient(),
    "clinic/patient_print.html": a_patient(),
    "clinic/resolve.html": RESOLVE,
    "clinic/note.html": NotePage(a_frame(), "patient-1", "Whitfield, Margaret", "Day 9 after it.", "patient-2", "Pell"),
    "clinic/check_in.html": CheckInPage(
        a_frame(),
        "patient-1",
        "Whitfield, Margaret",
        "check-in-1",
        "2026-11-22",
        9,
        {"pain": "7", "note": "sore"},
        ("fever",),
        "Numbers are whole numbers.",
        (Choice("in_bed", "In bed"),),
        (Choice("fever", "Fever"),),
    ),
    "clinic/patients.html": PeoplePage(
        a_frame(),
        "whit",
        (
            PersonLine(
                "patient-1", "Whitfield, Margaret", date(1948, 3, 12), "440000", "T12", date(2026, 11, 13), 9, "es"
            ),
        ),
        "patient-1",
    ),
    "clinic/inbox.html": INBOX,
    "clinic/sign_in.html": SignInPage("nia@demo.example", "Wrong.", "/worklist", (DemoStaff("a@b.c", "pass", "123"),)),
    "clinic/set_up.html": SET_UP,
    "clinic/texts.html": TEXTS,
    "clinic/text.html": a_text(),
    "clinic/problem.html": ProblemPage(412, "Somebody was first", "M. Sample took it.", a_frame(), request_id="r-1"),
    "simulator/phone.html": a_phone(),
    "simulator/_phone.html": a_phone(),
}
