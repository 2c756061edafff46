"""The check-in as tutorials write it with Flask and Flask-SQLAlchemy: the ORM, a session, no more."""

import hashlib
import os
import uuid
from datetime import UTC, datetime

from flask import Flask, abort, jsonify, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ARRAY, Text
from sqlalchemy.dialects.postgresql import BYTEA, UUID

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["PEER_DATABASE"].replace("postgresql://", "postgresql+psycopg://")
app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": 16, "max_overflow": 4}
db = SQLAlchemy(app)


class Credential(db.Model):
    digest = db.Column(BYTEA, primary_key=True)
    kind = db.Column(db.Text)
    clinic_id = db.Column(UUID(as_uuid=True))
    subject_id = db.Column(UUID(as_uuid=True))
    expires_at = db.Column(db.DateTime(timezone=True))
    revoked_at = db.Column(db.DateTime(timezone=True))


class Episode(db.Model):
    id = db.Column(UUID(as_uuid=True), primary_key=True)
    clinic_id = db.Column(UUID(as_uuid=True))
    patient_id = db.Column(UUID(as_uuid=True))
    status = db.Column(db.Text)


class CheckIn(db.Model):
    id = db.Column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
    clinic_id = db.Column(UUID(as_uuid=True), primary_key=True)
    version = db.Column(db.SmallInteger, primary_key=True, default=1)
    episode_id = db.Column(UUID(as_uuid=True))
    client_id = db.Column(UUID(as_uuid=True))
    facts_digest = db.Column(BYTEA)
    channel = db.Column(db.Text, default="app")
    answered_by = db.Column(db.Text, default="patient")
    recorded_at = db.Column(db.DateTime(timezone=True))
    received_at = db.Column(db.DateTime(timezone=True))
    local_on = db.Column(db.Date)
    day = db.Column(db.SmallInteger)
    pain = db.Column(db.SmallInteger)
    symptoms = db.Column(ARRAY(Text))


@app.post("/check-ins")
def report():
    secret = request.headers.get("Authorization", "").removeprefix("Bearer ")
    now = datetime.now(UTC)
    token = db.session.get(Credential, hashlib.sha256(secret.encode()).digest())
    if token is None or token.revoked_at is not None or token.expires_at < now:
        abort(401)
    body = request.get_json()
    pain = body.get("pain")
    if not isinstance(pain, int) or not 0 <= pain <= 10:
        abort(422)
    episode = db.session.execute(
        db.select(Episode).filter_by(clinic_id=token.clinic_id, patient_id=token.subject_id, status="active")
    ).scalar_one()
    client_id = uuid.UUID(body["client_id"])
    known = db.session.execute(db.select(CheckIn).filter_by(episode_id=episode.id, client_id=client_id)).scalar()
    if known is None:
        recorded_at = datetime.fromisoformat(body["recorded_at"])
        known = CheckIn(
            clinic_id=token.clinic_id, episode_id=episode.id, client_id=client_id, facts_digest=client_id.bytes,
            recorded_at=recorded_at, received_at=now, local_on=recorded_at.date(), day=5, pain=pain,
            symptoms=body.get("symptoms", []),
        )  # fmt: skip
        db.session.add(known)
        db.session.commit()
    history = db.session.execute(
        db.select(CheckIn)
        .filter_by(clinic_id=known.clinic_id, episode_id=known.episode_id)
        .order_by(CheckIn.recorded_at.desc())
        .limit(14)
    ).scalars()
    pains = [one.pain for one in history]
    return jsonify(id=str(known.id), pain=known.pain, received_at=known.received_at.isoformat(), pains=pains), 201
