"""Who may do what through the API: one table of operations and roles; what it does not name is refused."""

from collections.abc import Mapping

ANYONE = frozenset({"anyone"})
PATIENT = frozenset({"patient"})
CARE = frozenset({"nurse", "clinician", "lead"})  # privacy_officer and operator see no clinical data
ROLES = ("patient", "nurse", "clinician", "lead", "privacy_officer", "operator")

ACCESS: Mapping[str, frozenset[str]] = {
    "readDocument": ANYONE,
    "readDocs": ANYONE,
    "readConfig": ANYONE,
    "signInStaff": ANYONE,
    "refreshToken": ANYONE,
    "beginEnrolment": ANYONE,
    "confirmEnrolment": ANYONE,
    "endToken": PATIENT,
    "readMe": PATIENT,
    "changeMe": PATIENT,
    "readMyEpisode": PATIENT,
    "reportCheckIn": PATIENT,
    "reportCheckIns": PATIENT,
    "listMyCheckIns": PATIENT,
    "correctCheckIn": PATIENT,
    "readMyPlan": PATIENT,
    "listMyMessages": PATIENT,
    "listMyAppointments": PATIENT,
    "confirmMyAppointment": PATIENT,
    "askToChangeMyAppointment": PATIENT,
    "readMyCalendar": PATIENT,
    "putActivityDay": PATIENT,
    "putActivityDays": PATIENT,
    "listMyQuestionnaires": PATIENT,
    "answerQuestionnaire": PATIENT,
    "syncMe": PATIENT,
    "putMyDevice": PATIENT,
    "removeMyDevice": PATIENT,
    "readMyPushes": PATIENT,
    "issueEnrolCode": CARE,
    "signOutPatient": CARE,
    "listPatients": CARE,
    "addPatient": CARE,
    "readPatient": CARE,
    "changePatient": CARE,
    "addPhone": CARE,
    "putWrongPhoneAway": CARE,
    "startEpisode": CARE,
    "readEpisode": CARE,
    "changeEpisode": CARE,
    "readTrajectory": CARE,
    "takeCheckIn": CARE,
    "holdEpisode": CARE,
    "liftHold": CARE,
    "bookAppointment": CARE,
    "changeAppointment": CARE,
    "listFlags": CARE,
    "reportFlags": CARE,
    "readFlag": CARE,
    "acknowledgeFlag": CARE,
    "assignFlag": CARE,
    "snoozeFlag": CARE,
    "resolveFlag": CARE,
    "reopenFlag": CARE,
    "explainFlag": CARE,
    "listPatientMessages": CARE,
    "writeToPatient": CARE,
    "listInbox": CARE,
    "placeInboxText": CARE,
    "closeInboxText": CARE,
    "listTexts": CARE,
    "listWordings": CARE,
    "proposeWording": frozenset({"lead"}),
    "signWording": frozenset({"clinician", "lead"}),
    "refuseWording": frozenset({"clinician", "lead"}),
}


def may(role: str, operation: str) -> bool:
    """Whether a role may call an operation; False for an operation or a role that the table does not name."""
    allowed = ACCESS.get(operation, frozenset())
    return role in allowed or allowed == ANYONE
