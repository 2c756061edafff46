"""What is held already is not sent again, what changed is not overwritten unseen, and nobody asks too often."""

from collections.abc import Iterator

import pytest
from flask import Flask

from recovery_api.api.rate_limits import A_TOKEN, AN_ADDRESS, RateLimit, RateLimits, keep_limits, make_limits
from tests.builders import PatientPersona, Persona, check_in_body

READS = ("/me", "/me/episode", "/me/plan", "/me/messages", "/me/appointments", "/me/check-ins", "/me/questionnaires",
         "/me/sync", "/config")  # fmt: skip


@pytest.mark.parametrize("path", READS)
def test_a_read_that_changed_nothing_is_answered_by_its_tag(path: str, ann: PatientPersona) -> None:
    first = ann.get(path)
    tag = first.headers["ETag"]
    assert ann.get(path).headers["ETag"] == tag
    for held in (tag, f"W/{tag}", f'"another", {tag}', "*"):
        spared = ann.get(path, headers={"If-None-Match": held})
        assert (spared.status_code, spared.data, spared.headers["ETag"]) == (304, b"", tag)
        assert spared.headers["X-Request-ID"]
    for held in ('"another"', tag.strip('"'), ""):
        assert ann.get(path, headers={"If-None-Match": held}).data == first.data


def test_a_new_fact_makes_a_new_tag(ann: PatientPersona) -> None:
    before = ann.get("/me/check-ins").headers["ETag"]
    ann.post("/me/check-ins", json=check_in_body(ann))
    answer = ann.get("/me/check-ins", headers={"If-None-Match": before})
    assert (answer.status_code, len(answer.json["items"])) == (200, 1)


def test_an_edit_of_what_changed_meanwhile_is_refused(ann: PatientPersona, ben: Persona) -> None:
    for caller, path, change in (
        (ann, "/me", [{"language": "es"}, {"language": "en"}]),
        (ben, f"/patients/{ann.id}", [{"sex": "female"}, {"sex": "other"}]),
        (ben, f"/episodes/{ann.episode_id}", [{"baseline_pain": 6}, {"baseline_pain": 5}]),
    ):
        seen = {"If-Match": caller.get(path).headers["ETag"]}
        first = caller.patch(path, json=change[0], headers=seen)
        assert first.status_code == 200, first.json
        assert caller.get(path).headers["ETag"] == first.headers["ETag"]
        stale = caller.patch(path, json=change[1], headers=seen)
        assert (stale.status_code, stale.json["code"]) == (412, "stale_version")
        weak = caller.patch(path, json=change[1], headers={"If-Match": f"W/{first.headers['ETag']}"})
        assert weak.status_code == 412, "a weak tag does not say that it is the very same"
        assert caller.get(path).headers["ETag"] == first.headers["ETag"], "nothing was changed"
        for held in ({"If-Match": f'"another", {first.headers["ETag"]}'}, {"If-Match": "*"}, {}):
            assert caller.patch(path, json=change[1], headers=held).status_code == 200


def test_calls_come_evenly_or_in_one_burst() -> None:
    limit = RateLimit(60)
    assert [limit.wait(b"ann", 100.0) for _ in range(60)] == [0.0] * 60
    assert limit.wait(b"ann", 100.0) == pytest.approx(1)
    assert limit.wait(b"ben", 100.0) == 0, "everybody has their own"
    assert limit.wait(b"ann", 101.0) == 0
    assert limit.wait(b"ann", 101.0) > 0
    assert [limit.wait(b"ann", 200.0) for _ in range(60)] == [0.0] * 60


@pytest.fixture
def strict(app: Flask) -> Iterator[None]:
    """The limits of production, divided by twenty; those of the tests come back afterwards."""
    keep_limits(app, RateLimits(RateLimit(A_TOKEN / 20), RateLimit(AN_ADDRESS / 20), hops=1))
    yield
    keep_limits(app, make_limits(in_production=False))


def test_who_asks_too_often_is_told_when_to_come_back(ann: PatientPersona, ben: Persona, strict: None) -> None:
    statuses = [ann.get("/me").status_code for _ in range(A_TOKEN // 20 + 1)]
    assert set(statuses) <= {200, 429}
    refused = ann.get("/me")
    assert (refused.status_code, refused.json["code"]) == (429, "too_many")
    assert 1 <= int(refused.headers["Retry-After"]) <= 3
    assert ben.get("/flags").status_code == 200, "another token has its own"


def test_at_the_doors_each_address_has_its_own_limit_whatever_it_claims(ann: PatientPersona, strict: None) -> None:
    def knock(address: str, claimed: int) -> int:
        headers = {"X-Forwarded-For": f"198.51.100.{claimed}, {address}"}
        body = {"challenge": "rte_" + "A" * 43, "otp": "000000", "device_name": "x"}
        return int(ann.client.post("/api/v1/enrol/confirm", json=body, headers=headers).status_code)

    assert [knock("203.0.113.7", claimed) for claimed in range(4)] == [401, 401, 401, 429]
    assert knock("203.0.113.8", 1) == 401
    assert [knock(f"2001:db8::{claimed}", 1) for claimed in range(4)] == [401, 401, 401, 429], "one household"


def test_at_the_doors_the_limit_holds_across_processes(app: Flask, ann: PatientPersona, strict: None) -> None:
    statuses = []
    for _ in range(4):  # each as a process that has answered nobody yet
        keep_limits(app, RateLimits(RateLimit(A_TOKEN / 20), RateLimit(AN_ADDRESS / 20)))
        answer = ann.client.post("/api/v1/enrol", json={"code": "0000-0000-0000-0000"})
        statuses.append(answer.status_code)
    assert (statuses[:3], statuses[3]) == ([200] * 3, 429)
    assert 1 <= int(answer.headers["Retry-After"]) <= 20
