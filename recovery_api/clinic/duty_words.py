"""How duties, audiences and days are said."""

from recovery_api.clinic.words import N_

TOLD = {
    "nurse": N_("clinician on duty"),
    "on_call": N_("on call"),
    "lead": N_("lead"),
    "everyone": N_("everyone"),
    "last_resort": N_("last resort"),
}
DAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"), N_("Holidays"))
