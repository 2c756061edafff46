"""The check-in as tutorials write it with FastAPI, pydantic and SQLAlchemy's asynchronous ORM on asyncpg."""

import hashlib
import os
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import ARRAY, DateTime, SmallInteger, Text, select
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

URL = os.environ["PEER_DATABASE"].replace("postgresql://", "postgresql+asyncpg://")
engine = create_async_engine(URL, pool_size=16, max_overflow=4)
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()
_Time = DateTime(timezone=True)


class Base(DeclarativeBase):
    pass


class Credential(Base):
    __tablename__ = "credential"
    digest: Mapped[bytes] = mapped_column(BYTEA, primary_key=True)
    clinic_id: Mapped[uuid.UUID]
    subject_id: Mapped[uuid.UUID]
    expires_at: Mapped[datetime] = mapped_column(_Time)
    revoked_at: Mapped[datetime | None] = mapped_column(_Time)


class Episode(Base):
    __tablename__ = "episode"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    clinic_id: Mapped[uuid.UUID]
    patient_id: Mapped[uuid.UUID]
    status: Mapped[str] = mapped_column(Text)


class CheckIn(Base):
    __tablename__ = "check_in"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    clinic_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(SmallInteger, primary_key=True, default=1)
    episode_id: Mapped[uuid.UUID]
    client_id: Mapped[uuid.UUID]
    facts_digest: Mapped[bytes] = mapped_column(BYTEA)
    channel: Mapped[str] = mapped_column(Text, default="app")
    answered_by: Mapped[str] = mapped_column(Text, default="patient")
    recorded_at: Mapped[datetime] = mapped_column(_Time)
    received_at: Mapped[datetime] = mapped_column(_Time)
    local_on: Mapped[date]
    day: Mapped[int] = mapped_column(SmallInteger)
    pain: Mapped[int] = mapped_column(SmallInteger)
    symptoms: Mapped[list[str]] = mapped_column(ARRAY(Text))


class Report(BaseModel):
    client_id: uuid.UUID
    recorded_at: datetime
    pain: int = Field(ge=0, le=10)
    symptoms: list[str] = []


class Stored(BaseModel):
    id: uuid.UUID
    pain: int
    received_at: datetime
    pains: list[int | None]


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as one:
        yield one


@app.post("/check-ins", status_code=201)
async def report(
    body: Report, db: Annotated[AsyncSession, Depends(session)], authorization: Annotated[str, Header()]
) -> Stored:
    now = datetime.now(UTC)
    token = await db.get(Credential, hashlib.sha256(authorization.removeprefix("Bearer ").encode()).digest())
    if token is None or token.revoked_at is not None or token.expires_at < now:
        raise HTTPException(401)
    chosen = select(Episode).filter_by(clinic_id=token.clinic_id, patient_id=token.subject_id, status="active")
    episode = (await db.execute(chosen)).scalar_one()
    found = select(CheckIn).filter_by(episode_id=episode.id, client_id=body.client_id)
    known = (await db.execute(found)).scalar()
    if known is None:
        known = CheckIn(
            clinic_id=token.clinic_id, episode_id=episode.id, client_id=body.client_id,
            facts_digest=body.client_id.bytes, recorded_at=body.recorded_at, received_at=now,
            local_on=body.recorded_at.date(), day=5, pain=body.pain, symptoms=body.symptoms,
        )  # fmt: skip
        db.add(known)
        await db.commit()
    last = (
        select(CheckIn)
        .filter_by(clinic_id=known.clinic_id, episode_id=known.episode_id)
        .order_by(CheckIn.recorded_at.desc())
        .limit(14)
    )
    pains = [one.pain for one in (await db.execute(last)).scalars()]
    return Stored(id=known.id, pain=known.pain, received_at=known.received_at, pains=pains)
