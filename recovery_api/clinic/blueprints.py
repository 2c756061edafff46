"""The blueprints of the clinicians' pages at work: flags, care, people and the clinic itself."""

from recovery_api.clinic.account_views import blueprint as account
from recovery_api.clinic.audit_views import blueprint as audit
from recovery_api.clinic.care_views import blueprint as care
from recovery_api.clinic.check_in_views import blueprint as check_ins
from recovery_api.clinic.clinic_views import blueprint as clinic_itself
from recovery_api.clinic.emergency_views import blueprint as emergency
from recovery_api.clinic.enrol_views import blueprint as enrolment
from recovery_api.clinic.export_views import blueprint as exports
from recovery_api.clinic.flag_views import blueprint as flags
from recovery_api.clinic.form_views import blueprint as forms
from recovery_api.clinic.health_views import blueprint as health
from recovery_api.clinic.import_views import blueprint as imports
from recovery_api.clinic.ladder_views import blueprint as ladder
from recovery_api.clinic.people_views import blueprint as people
from recovery_api.clinic.procedure_views import blueprint as procedure
from recovery_api.clinic.proof_views import blueprint as proofs
from recovery_api.clinic.protocol_views import blueprint as protocol
from recovery_api.clinic.reports_views import blueprint as reports
from recovery_api.clinic.rota_views import blueprint as rota
from recovery_api.clinic.rules_views import blueprint as rules
from recovery_api.clinic.staff_views import blueprint as staff

WORK = (
    flags, care, procedure, check_ins, forms, people, clinic_itself, ladder, rota, protocol, rules, reports, staff,
    audit,
)  # fmt: skip
DOORS = (account, proofs, emergency, enrolment, imports, exports, health)
