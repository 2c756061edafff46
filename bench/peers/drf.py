"""The check-in as tutorials write it with Django REST framework: models, a serializer and an API view."""

import hashlib
import os
import uuid
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings

_place = urlsplit(os.environ["PEER_DATABASE"])
settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _place.path[1:],
            "USER": _place.username,
            "PASSWORD": unquote(_place.password or ""),
            "HOST": _place.hostname,
            "PORT": _place.port,
            "OPTIONS": {"pool": {"min_size": 4, "max_size": 16}},
        }
    },
    INSTALLED_APPS=["rest_framework"],
    REST_FRAMEWORK={"UNAUTHENTICATED_USER": None, "DEFAULT_AUTHENTICATION_CLASSES": []},
    ROOT_URLCONF=__name__,
    SECRET_KEY=uuid.uuid4().hex,
    USE_TZ=True,
)
django.setup()

from django.contrib.postgres.fields import ArrayField  # noqa: E402 - Django wants its settings first
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework import serializers  # noqa: E402
from rest_framework.exceptions import AuthenticationFailed  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class Credential(models.Model):
    digest = models.BinaryField(primary_key=True)
    clinic_id = models.UUIDField()
    subject_id = models.UUIDField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        app_label, db_table, managed = "peer", "credential", False


class Episode(models.Model):
    id = models.UUIDField(primary_key=True)
    clinic_id = models.UUIDField()
    patient_id = models.UUIDField()
    status = models.TextField()

    class Meta:
        app_label, db_table, managed = "peer", "episode", False


class CheckIn(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    clinic_id = models.UUIDField()
    version = models.SmallIntegerField(default=1)
    episode_id = models.UUIDField()
    client_id = models.UUIDField()
    facts_digest = models.BinaryField()
    channel = models.TextField(default="app")
    answered_by = models.TextField(default="patient")
    recorded_at = models.DateTimeField()
    received_at = models.DateTimeField()
    local_on = models.DateField()
    day = models.SmallIntegerField()
    pain = models.SmallIntegerField()
    symptoms = ArrayField(models.TextField())

    class Meta:
        app_label, db_table, managed = "peer", "check_in", False


class ReportSerializer(serializers.ModelSerializer):
    pain = serializers.IntegerField(min_value=0, max_value=10)
    symptoms = serializers.ListField(child=serializers.CharField(), default=list)

    class Meta:
        model = CheckIn
        fields = ("id", "client_id", "recorded_at", "received_at", "pain", "symptoms")
        read_only_fields = ("id", "received_at")


class CheckIns(APIView):
    def post(self, request):
        now = datetime.now(UTC)
        secret = request.headers.get("Authorization", "").removeprefix("Bearer ")
        token = Credential.objects.filter(digest=hashlib.sha256(secret.encode()).digest()).first()
        if token is None or token.revoked_at is not None or token.expires_at < now:
            raise AuthenticationFailed
        sent = ReportSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        given = sent.validated_data
        episode = Episode.objects.get(clinic_id=token.clinic_id, patient_id=token.subject_id, status="active")
        known = CheckIn.objects.filter(episode_id=episode.id, client_id=given["client_id"]).first()
        if known is None:
            known = sent.save(
                clinic_id=token.clinic_id, episode_id=episode.id, facts_digest=given["client_id"].bytes,
                received_at=now, local_on=given["recorded_at"].date(), day=5,
            )  # fmt: skip
        last = CheckIn.objects.filter(clinic_id=known.clinic_id, episode_id=known.episode_id).order_by("-recorded_at")
        pains = [one.pain for one in last[:14]]
        return Response({**ReportSerializer(known).data, "pains": pains}, status=201)


urlpatterns = [path("check-ins", CheckIns.as_view())]
application = get_wsgi_application()
