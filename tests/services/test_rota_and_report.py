"""A clinic's own ladder and rota from files, whom they tell, and the report of how soon people answered."""

import copy
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from recovery_api.domain.errors import PackError
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.packs import load_yaml
from recovery_api.packs.ladder_pack import SHIPPED
from recovery_api.services.answer_flags import Deed, acknowledge_flag
from recovery_api.services.find_ladder import LastResort
from recovery_api.services.record_audit import SYSTEM
from recovery_api.services.set_ladder import set_ladder
from recovery_api.services.set_rota import set_rota
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, make_clinician
from tests.services.test_climb_ladder import call, climb, events, finding, flag_of, sent, texts

pytestmark = pytest.mark.usefixtures("real")


def own_ladder(**minutes: int) -> Any:
    content = copy.deepcopy(load_yaml(SHIPPED))
    for rung, after in minutes.items():
        content["tiers"]["emergency"]["rungs"][int(rung[1:])]["after"] = after
    return content


def set_up(clinic: BuiltClinic, content: Any, last_resort: LastResort | None = None) -> None:
    with clinic.open() as scope:
        set_ladder(scope, content, last_resort or LastResort(), SYSTEM, clinic.wiring.clock.now())


def test_a_clinics_own_ladder_is_climbed_by_its_own_minutes(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    set_up(ann.clinic, own_ladder(_1=2, _2=3, _3=4, _4=6))
    flag_id = call(ann, finding(Tier.EMERGENCY))
    assert flag_of(ann.clinic, flag_id).next_rung_at == clock.now + timedelta(minutes=2)
    set_up(ann.clinic, own_ladder(_1=3))
    clock.forward(minutes=2)
    sent(ann.clinic)
    climb(ann.clinic, ("sms",))
    assert flag_of(ann.clinic, flag_id).next_rung_at == clock.now + timedelta(minutes=7)


def test_the_last_resort_is_told_in_the_end_and_kept_sealed(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    set_up(ann.clinic, own_ladder(), LastResort("+12125550171", None))
    call(ann, finding(Tier.EMERGENCY))
    sent(ann.clinic)
    clock.forward(minutes=29)
    climb(ann.clinic, ("sms",))
    assert None not in [who for who, _ in texts(ann.clinic)]
    sent(ann.clinic)
    clock.forward(minutes=1)
    climb(ann.clinic, ("sms",))
    assert None in [who for who, _ in texts(ann.clinic)]
    with ann.clinic.open() as scope:
        assert b"2125550171" not in scope.connection.execute(select(tables.ladder.c.last_resort_sealed)).scalar_one()


def test_a_ladder_that_tells_too_late_is_not_put_in_force(clinic: BuiltClinic) -> None:
    with pytest.raises(PackError, match="within 60 minutes"):
        set_up(clinic, own_ladder(_4=90))


def rota_of(clinic: BuiltClinic, content: Any) -> None:
    with clinic.open() as scope:
        set_rota(scope, content, SYSTEM, clinic.wiring.clock.now())


def test_the_one_on_duty_is_told_and_after_the_hand_over_the_next_one(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    day = make_clinician(ann.clinic, "nurse", phone="+12125550172", email="day@clinic.example")
    night = make_clinician(ann.clinic, "nurse", phone="+12125550173", email="night@clinic.example")
    week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    shifts = [
        {"who": "Day@clinic.example", "duty": "nurse", "days": week, "from": "07:00", "to": "10:04"},
        {"who": "night@clinic.example", "duty": "nurse", "days": week, "from": "10:04", "to": "07:00"},
        {"who": "night@clinic.example", "duty": "on_call", "days": week, "from": "00:00", "to": "00:00"},
    ]
    rota_of(ann.clinic, {"shifts": shifts})
    flag_id = call(ann, finding(Tier.EMERGENCY))
    assert [event.detail["clinician_id"] for event in events(ann.clinic, flag_id)] == [str(day.id)]
    sent(ann.clinic)
    clock.forward(minutes=5)
    climb(ann.clinic, ("sms",))
    assert [who for who, _ in texts(ann.clinic)] == [day.id, night.id]
    rota_of(ann.clinic, {"shifts": shifts[1:2], "holidays": [clock.now.date()]})
    call(ann, finding(Tier.EMERGENCY, family="worsening"))
    assert texts(ann.clinic)[-1][0] == night.id


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"who": "stranger@clinic.example"}, "nobody of this clinic"),
        ({"duty": "boss"}, "boss"),
        ({"days": ["monday"]}, "monday"),
        ({"days": []}, "at least one"),
        ({"from": "7 am"}, "time"),
        ({"colour": "red"}, "colour"),
        ({"on": "2026-12-25"}, "not a day"),
    ],
)
def test_a_rota_with_a_mistake_changes_nothing(clinic: BuiltClinic, change: dict[str, Any], reason: str) -> None:
    make_clinician(clinic, "nurse", email="day@clinic.example")
    shift = {"who": "day@clinic.example", "duty": "nurse", "days": ["mon"], "from": "07:00", "to": "19:00"}
    rota_of(clinic, {"shifts": [shift]})
    with pytest.raises(PackError, match=reason):
        rota_of(clinic, {"shifts": [{**shift, **change}]})
    with clinic.open() as scope:
        duty = tables.duty
        assert len(scope.connection.execute(select(duty).where(duty.c.removed_at.is_(None))).all()) == 1


def test_the_report_tells_how_soon_people_answered(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    flag_id = call(ann, finding(Tier.EMERGENCY))
    clock.forward(minutes=4)
    with ann.clinic.open() as scope:
        acknowledge_flag(scope, Deed(ben.id, flag_id, None), clock.now)
    call(ann, finding(Tier.URGENT, family="worsening"))
    clock.forward(minutes=30)
    said = ben.get("/flags/report").json
    tiers = {one["tier"]: one for one in said["tiers"]}
    assert (tiers["emergency"]["median_minutes"], tiers["emergency"]["in_time"]) == (4.0, 1)
    assert (tiers["urgent"]["calls"], tiers["urgent"]["answered"], tiers["urgent"]["longest_minutes"]) == (1, 0, 30.0)
    assert tiers["review"]["calls"] == 0
    later = ben.get("/flags/report", query_string={"since": clock.now.isoformat()})
    assert later.status_code == 422
