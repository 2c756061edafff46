"""The first tables: clinics, patients, plans, check-ins, messages, flags and the queue of due work."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clinic",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("emergency_number", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinic")),
    )
    op.create_table(
        "heartbeat",
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("process", "place", name=op.f("pk_heartbeat")),
    )
    op.create_table(
        "audit_event",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "actor_kind IN ('clinician', 'patient', 'system', 'operator')", name=op.f("ck_audit_event_actor_kind")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_audit_event")),
    )
    op.create_index(
        op.f("ix_audit_event_clinic_id_patient_id_at"), "audit_event", ["clinic_id", "patient_id", "at"], unique=False
    )
    op.create_table(
        "clinician",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("is_paged", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", sa.Integer(), nullable=False),
        sa.Column("failed_sign_ins", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('nurse', 'clinician', 'lead', 'privacy_officer', 'operator')", name=op.f("ck_clinician_role")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_clinician_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_clinician")),
    )
    op.create_table(
        "credential",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('login', 'set_up', 'session', 'staff_access', 'patient_access', 'patient_refresh', 'enrol_code')",
            name=op.f("ck_credential_kind"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_credential_clinic_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_credential")),
    )
    op.create_index(op.f("ix_credential_clinic_id_subject_id"), "credential", ["clinic_id", "subject_id"], unique=False)
    op.create_index(op.f("ix_credential_family_id"), "credential", ["family_id"], unique=False)
    op.create_table(
        "due_work",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('reminder', 'unanswered', 'send_alert', 'send_bulk')",
            name=op.f("ck_due_work_kind"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "kind", "row_id", name=op.f("pk_due_work")),
    )
    op.create_index("ix_due_work_next", "due_work", ["kind", "priority", "due_at"], unique=False)
    op.create_table(
        "idempotency_key",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bearer_id", sa.Uuid(), nullable=False),
        sa.Column("key_digest", sa.LargeBinary(), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_idempotency_key_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_idempotency_key")),
    )
    op.create_index("uq_idempotency_key", "idempotency_key", ["clinic_id", "bearer_id", "key_digest"], unique=True)
    op.create_table(
        "patient",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("given_name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("family_name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("born_on_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("record_number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("sex IN ('female', 'male', 'other', 'unknown')", name=op.f("ck_patient_sex")),
        sa.CheckConstraint("status IN ('active', 'deceased', 'left')", name=op.f("ck_patient_status")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_patient_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_patient")),
    )
    op.create_table(
        "protocol",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_protocol_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_protocol")),
        sa.UniqueConstraint("clinic_id", "name", "version", name=op.f("uq_protocol_clinic_id_name_version")),
    )
    op.create_table(
        "sender_number",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_sender_number_clinic_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_sender_number")),
    )
    op.create_index(op.f("ix_sender_number_clinic_id"), "sender_number", ["clinic_id"], unique=False)
    op.create_table(
        "contact_point",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("whose", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_digest", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("question_message_id", sa.Uuid(), nullable=True),
        sa.Column("question_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("question_on", sa.Date(), nullable=True),
        sa.Column("times_asked", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "question IN ('pain', 'symptoms', 'activity', 'medication', 'appointment', 'who')",
            name=op.f("ck_contact_point_question"),
        ),
        sa.CheckConstraint(
            "state IN ('active', 'opted_out', 'unusable', 'wrong_person')", name=op.f("ck_contact_point_state")
        ),
        sa.CheckConstraint("whose IN ('patient', 'caregiver')", name=op.f("ck_contact_point_whose")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_contact_point_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_contact_point_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_contact_point")),
    )
    op.create_index(
        op.f("ix_contact_point_clinic_id_patient_id"), "contact_point", ["clinic_id", "patient_id"], unique=False
    )
    op.create_index(
        op.f("ix_contact_point_clinic_id_phone_digest"), "contact_point", ["clinic_id", "phone_digest"], unique=False
    )
    op.create_table(
        "device",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("platform", sa.Text(), nullable=True),
        sa.Column("push_token_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("platform IN ('webpush', 'expo', 'fcm', 'apns')", name=op.f("ck_device_platform")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_device_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_device_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_device")),
    )
    op.create_index(op.f("ix_device_clinic_id_patient_id"), "device", ["clinic_id", "patient_id"], unique=False)
    op.create_table(
        "procedure",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("performed_on", sa.Date(), nullable=False),
        sa.Column("levels", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_procedure_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_procedure_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_procedure")),
    )
    op.create_index(op.f("ix_procedure_clinic_id_patient_id"), "procedure", ["clinic_id", "patient_id"], unique=False)
    op.create_table(
        "consent",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("contact_point_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("words_key", sa.Text(), nullable=False),
        sa.Column("words_version", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("channel IN ('sms', 'voice', 'app', 'email')", name=op.f("ck_consent_channel")),
        sa.CheckConstraint("purpose IN ('care_texts', 'all_texts', 'research')", name=op.f("ck_consent_purpose")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "contact_point_id"],
            ["contact_point.clinic_id", "contact_point.id"],
            name=op.f("fk_consent_clinic_id_contact_point_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_consent_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_consent_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_consent")),
    )
    op.create_index(
        op.f("ix_consent_clinic_id_patient_id_recorded_at"),
        "consent",
        ["clinic_id", "patient_id", "recorded_at"],
        unique=False,
    )
    op.create_table(
        "episode",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("baseline_pain", sa.Integer(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("planned_until", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('active', 'on_hold', 'ended')", name=op.f("ck_episode_status")),
        sa.CheckConstraint("baseline_pain BETWEEN 0 AND 10", name=op.f("ck_episode_baseline_pain")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_episode_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"],
            ["procedure.clinic_id", "procedure.id"],
            name=op.f("fk_episode_clinic_id_procedure_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_episode_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_episode")),
    )
    op.create_index(
        "ix_episode_active", "episode", ["clinic_id", "id"], unique=False, postgresql_where="status = 'active'"
    )
    op.create_index(op.f("ix_episode_clinic_id_patient_id"), "episode", ["clinic_id", "patient_id"], unique=False)
    op.create_table(
        "appointment",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('booked', 'confirmed', 'change_asked', 'cancelled', 'kept', 'missed')",
            name=op.f("ck_appointment_status"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "episode_id"],
            ["episode.clinic_id", "episode.id"],
            name=op.f("fk_appointment_clinic_id_episode_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_appointment_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_appointment")),
    )
    op.create_index(
        op.f("ix_appointment_clinic_id_episode_id_starts_at"),
        "appointment",
        ["clinic_id", "episode_id", "starts_at"],
        unique=False,
    )
    op.create_table(
        "care_plan",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("protocol_id", sa.Uuid(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("check_in_time", sa.Time(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "episode_id"],
            ["episode.clinic_id", "episode.id"],
            name=op.f("fk_care_plan_clinic_id_episode_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "protocol_id"],
            ["protocol.clinic_id", "protocol.id"],
            name=op.f("fk_care_plan_clinic_id_protocol_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_care_plan_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_care_plan")),
    )
    op.create_index(
        "uq_care_plan_current",
        "care_plan",
        ["clinic_id", "episode_id"],
        unique=True,
        postgresql_where="replaced_at IS NULL",
    )
    op.create_table(
        "flag",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("phone_digest", sa.LargeBinary(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("check_in_id", sa.Uuid(), nullable=True),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("inputs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("quote_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("respond_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("repeats", sa.SmallInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "family IN ('red_flag', 'worsening', 'non_recovery', 'activity', 'medication', 'silence', 'delivery', 'operations')",
            name=op.f("ck_flag_family"),
        ),
        sa.CheckConstraint(
            "outcome IN ('advised', 'visit_booked', 'imaging', 'sent_to_emergency', 'new_fracture', 'could_not_reach', 'false_alarm', 'other')",
            name=op.f("ck_flag_outcome"),
        ),
        sa.CheckConstraint("status <> 'resolved' OR outcome IS NOT NULL", name=op.f("ck_flag_resolved_has_outcome")),
        sa.CheckConstraint("status IN ('open', 'acknowledged', 'snoozed', 'resolved')", name=op.f("ck_flag_status")),
        sa.CheckConstraint("tier IN ('emergency', 'urgent', 'today', 'review')", name=op.f("ck_flag_tier")),
        sa.CheckConstraint("episode_id IS NOT NULL OR phone_digest IS NOT NULL", name=op.f("ck_flag_has_subject")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "episode_id"], ["episode.clinic_id", "episode.id"], name=op.f("fk_flag_clinic_id_episode_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "owner_id"], ["clinician.clinic_id", "clinician.id"], name=op.f("fk_flag_clinic_id_owner_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patient.clinic_id", "patient.id"], name=op.f("fk_flag_clinic_id_patient_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_flag_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_flag")),
    )
    op.create_index(op.f("ix_flag_clinic_id_patient_id"), "flag", ["clinic_id", "patient_id"], unique=False)
    op.create_index(
        "ix_flag_worklist",
        "flag",
        ["clinic_id", "tier", "opened_at"],
        unique=False,
        postgresql_where="status <> 'resolved'",
    )
    op.create_index(
        "uq_flag_open",
        "flag",
        ["clinic_id", "episode_id", "family"],
        unique=True,
        postgresql_where="status <> 'resolved' AND episode_id IS NOT NULL",
    )
    op.create_index(
        "uq_flag_open_phone",
        "flag",
        ["clinic_id", "phone_digest", "family"],
        unique=True,
        postgresql_where="status <> 'resolved' AND episode_id IS NULL",
    )
    op.create_table(
        "flag_event",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("flag_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('opened', 'repeated', 'raised', 'paged', 'acknowledged', 'assigned', 'snoozed', 'woken', 'resolved', 'reopened', 'could_not_reach', 'noted')",
            name=op.f("ck_flag_event_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "clinician_id"],
            ["clinician.clinic_id", "clinician.id"],
            name=op.f("fk_flag_event_clinic_id_clinician_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "flag_id"], ["flag.clinic_id", "flag.id"], name=op.f("fk_flag_event_clinic_id_flag_id")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_flag_event")),
    )
    op.create_index(
        op.f("ix_flag_event_clinic_id_flag_id_at"), "flag_event", ["clinic_id", "flag_id", "at"], unique=False
    )
    op.create_table(
        "reminder",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("care_plan_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("local_on", sa.Date(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text_key", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("text_values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('check_in', 'rest', 'posture', 'activity', 'medication', 'follow_up_visit', 'preparation')",
            name=op.f("ck_reminder_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('planned', 'handed_over', 'skipped', 'replaced')", name=op.f("ck_reminder_state")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "care_plan_id"],
            ["care_plan.clinic_id", "care_plan.id"],
            name=op.f("fk_reminder_clinic_id_care_plan_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "episode_id"],
            ["episode.clinic_id", "episode.id"],
            name=op.f("fk_reminder_clinic_id_episode_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_reminder")),
        sa.UniqueConstraint(
            "clinic_id",
            "episode_id",
            "kind",
            "local_on",
            "slot",
            name=op.f("uq_reminder_clinic_id_episode_id_kind_local_on_slot"),
        ),
    )
    op.create_index(
        op.f("ix_reminder_clinic_id_episode_id_due_at"), "reminder", ["clinic_id", "episode_id", "due_at"], unique=False
    )
    op.create_table(
        "message",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sid", sa.Text(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_digest", sa.LargeBinary(), nullable=False),
        sa.Column("sender_number", sa.Text(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contact_point_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("episode_id", sa.Uuid(), nullable=True),
        sa.Column("clinician_id", sa.Uuid(), nullable=True),
        sa.Column("in_reply_to_id", sa.Uuid(), nullable=True),
        sa.Column("disposition", sa.Text(), nullable=True),
        sa.Column("intent", sa.Text(), nullable=True),
        sa.Column("words_tier", sa.Text(), nullable=True),
        sa.Column("because", sa.Text(), nullable=True),
        sa.Column("reader_version", sa.Text(), nullable=True),
        sa.Column("media_count", sa.SmallInteger(), nullable=True),
        sa.Column("needs_person", sa.Boolean(), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_by_id", sa.Uuid(), nullable=True),
        sa.Column("handled_note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("lane", sa.Text(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("text_key", sa.Text(), nullable=True),
        sa.Column("text_version", sa.Text(), nullable=True),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("question_on", sa.Date(), nullable=True),
        sa.Column("reminder_id", sa.Uuid(), nullable=True),
        sa.Column("flag_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_list", sa.SmallInteger(), nullable=False),
        sa.Column("maybe_repeat", sa.Boolean(), nullable=False),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("conflict", sa.Text(), nullable=True),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_message_direction")),
        sa.CheckConstraint(
            "disposition IN ('recorded', 'asked_again', 'for_a_person', 'unknown_sender', 'shared_phone', 'opted_out', 'opted_in', 'helped', 'call_asked', 'wrong_person', 'deceased', 'visit_answered', 'thanked')",
            name=op.f("ck_message_disposition"),
        ),
        sa.CheckConstraint("lane IN ('alert', 'bulk')", name=op.f("ck_message_lane")),
        sa.CheckConstraint(
            "purpose IN ('reminder', 'conversation', 'safety', 'page', 'service')", name=op.f("ck_message_purpose")
        ),
        sa.CheckConstraint(
            "question IN ('pain', 'symptoms', 'activity', 'medication', 'appointment', 'who')",
            name=op.f("ck_message_question"),
        ),
        sa.CheckConstraint(
            "state IN ('received', 'planned', 'sending', 'unknown', 'throttled', 'accepted', 'queued', 'sent', 'delivered', 'undelivered', 'failed', 'canceled', 'read', 'rejected', 'expired', 'suppressed')",
            name=op.f("ck_message_state"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "clinician_id"],
            ["clinician.clinic_id", "clinician.id"],
            name=op.f("fk_message_clinic_id_clinician_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "contact_point_id"],
            ["contact_point.clinic_id", "contact_point.id"],
            name=op.f("fk_message_clinic_id_contact_point_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "episode_id"],
            ["episode.clinic_id", "episode.id"],
            name=op.f("fk_message_clinic_id_episode_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "flag_id"], ["flag.clinic_id", "flag.id"], name=op.f("fk_message_clinic_id_flag_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "in_reply_to_id"],
            ["message.clinic_id", "message.id"],
            name=op.f("fk_message_clinic_id_in_reply_to_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_message_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "reminder_id"],
            ["reminder.clinic_id", "reminder.id"],
            name=op.f("fk_message_clinic_id_reminder_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_message")),
        sa.UniqueConstraint("clinic_id", "reminder_id", name=op.f("uq_message_clinic_id_reminder_id")),
        sa.UniqueConstraint("clinic_id", "sid", name=op.f("uq_message_clinic_id_sid")),
    )
    op.create_index(
        "ix_message_inbox",
        "message",
        ["clinic_id", "created_at"],
        unique=False,
        postgresql_where="needs_person AND handled_at IS NULL",
    )
    op.create_index("ix_message_phone", "message", ["clinic_id", "phone_digest", "created_at"], unique=False)
    op.create_index(
        "ix_message_unsettled",
        "message",
        ["clinic_id"],
        unique=False,
        postgresql_where="state IN ('planned', 'throttled', 'sending', 'unknown')",
    )
    op.create_index("ix_message_thread", "message", ["clinic_id", "patient_id", "created_at"], unique=False)
    op.create_table(
        "check_in",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("facts_digest", sa.LargeBinary(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("local_on", sa.Date(), nullable=False),
        sa.Column("day", sa.SmallInteger(), nullable=False),
        sa.Column("pain", sa.SmallInteger(), nullable=True),
        sa.Column("qualifier", sa.Text(), nullable=True),
        sa.Column("activity_level", sa.Text(), nullable=True),
        sa.Column("minutes_walked", sa.SmallInteger(), nullable=True),
        sa.Column("pills_otc", sa.SmallInteger(), nullable=True),
        sa.Column("pills_prescribed", sa.SmallInteger(), nullable=True),
        sa.Column("pills_total", sa.SmallInteger(), nullable=True),
        sa.Column("symptoms", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("words_tier", sa.Text(), nullable=True),
        sa.Column("words_because", sa.Text(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("advice_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("reader_version", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "activity_level IN ('in_bed', 'mostly_resting', 'short_walks', 'light_chores', 'usual_day')",
            name=op.f("ck_check_in_activity_level"),
        ),
        sa.CheckConstraint(
            "answered_by IN ('patient', 'caregiver', 'clinician')", name=op.f("ck_check_in_answered_by")
        ),
        sa.CheckConstraint("channel IN ('sms', 'app', 'web', 'voice', 'staff')", name=op.f("ck_check_in_channel")),
        sa.CheckConstraint("minutes_walked BETWEEN 0 AND 1440", name=op.f("ck_check_in_minutes_walked")),
        sa.CheckConstraint("pain BETWEEN 0 AND 10", name=op.f("ck_check_in_pain")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_check_in_version")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "episode_id"],
            ["episode.clinic_id", "episode.id"],
            name=op.f("fk_check_in_clinic_id_episode_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "message_id"],
            ["message.clinic_id", "message.id"],
            name=op.f("fk_check_in_clinic_id_message_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", "version", name=op.f("pk_check_in")),
    )
    op.create_index("ix_check_in_history", "check_in", ["clinic_id", "episode_id", "recorded_at"], unique=False)
    op.create_index(
        "uq_check_in_client_id",
        "check_in",
        ["clinic_id", "episode_id", "client_id"],
        unique=True,
        postgresql_where="client_id IS NOT NULL AND version = 1",
    )


def downgrade() -> None:
    op.drop_index(
        "uq_check_in_client_id", table_name="check_in", postgresql_where="client_id IS NOT NULL AND version = 1"
    )
    op.drop_index("ix_check_in_history", table_name="check_in")
    op.drop_table("check_in")
    op.drop_index("ix_message_thread", table_name="message")
    op.drop_index("ix_message_phone", table_name="message")
    op.drop_index("ix_message_inbox", table_name="message", postgresql_where="needs_person AND handled_at IS NULL")
    op.drop_table("message")
    op.drop_index(op.f("ix_reminder_clinic_id_episode_id_due_at"), table_name="reminder")
    op.drop_table("reminder")
    op.drop_index(op.f("ix_flag_event_clinic_id_flag_id_at"), table_name="flag_event")
    op.drop_table("flag_event")
    op.drop_index(
        "uq_flag_open_phone", table_name="flag", postgresql_where="status <> 'resolved' AND episode_id IS NULL"
    )
    op.drop_index("uq_flag_open", table_name="flag", postgresql_where="status <> 'resolved' AND episode_id IS NOT NULL")
    op.drop_index("ix_flag_worklist", table_name="flag", postgresql_where="status <> 'resolved'")
    op.drop_index(op.f("ix_flag_clinic_id_patient_id"), table_name="flag")
    op.drop_table("flag")
    op.drop_index("uq_care_plan_current", table_name="care_plan", postgresql_where="replaced_at IS NULL")
    op.drop_table("care_plan")
    op.drop_index(op.f("ix_appointment_clinic_id_episode_id_starts_at"), table_name="appointment")
    op.drop_table("appointment")
    op.drop_index(op.f("ix_episode_clinic_id_patient_id"), table_name="episode")
    op.drop_index("ix_episode_active", table_name="episode", postgresql_where="status = 'active'")
    op.drop_table("episode")
    op.drop_index(op.f("ix_consent_clinic_id_patient_id_recorded_at"), table_name="consent")
    op.drop_table("consent")
    op.drop_index(op.f("ix_procedure_clinic_id_patient_id"), table_name="procedure")
    op.drop_table("procedure")
    op.drop_index(op.f("ix_device_clinic_id_patient_id"), table_name="device")
    op.drop_table("device")
    op.drop_index(op.f("ix_contact_point_clinic_id_phone_digest"), table_name="contact_point")
    op.drop_index(op.f("ix_contact_point_clinic_id_patient_id"), table_name="contact_point")
    op.drop_table("contact_point")
    op.drop_index(op.f("ix_sender_number_clinic_id"), table_name="sender_number")
    op.drop_table("sender_number")
    op.drop_table("protocol")
    op.drop_table("patient")
    op.drop_index("uq_idempotency_key", table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_index("ix_due_work_next", table_name="due_work")
    op.drop_table("due_work")
    op.drop_index(op.f("ix_credential_family_id"), table_name="credential")
    op.drop_index(op.f("ix_credential_clinic_id_subject_id"), table_name="credential")
    op.drop_table("credential")
    op.drop_table("clinician")
    op.drop_index(op.f("ix_audit_event_clinic_id_patient_id_at"), table_name="audit_event")
    op.drop_table("audit_event")
    op.drop_table("heartbeat")
    op.drop_table("clinic")
