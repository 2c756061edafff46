"""schemathesis against a running server: nothing fails, and what is planted is found. Minutes long: `make soak`."""

from collections.abc import Callable, Iterator

import pytest

from tests.contract.attack import CAMPS, attack, running
from tests.contract.planted import leaking
from tests.deployment import Deployment

pytestmark = [pytest.mark.soak, pytest.mark.processes]


@pytest.fixture(scope="module")
def deployment(pytestconfig: pytest.Config) -> Iterator[Deployment]:
    if not pytestconfig.getoption("--long"):
        pytest.skip("an attack takes minutes: make soak")
    with running() as deployment:
        yield deployment


@pytest.mark.parametrize("camp", CAMPS)
def test_nothing_fails_under_attack(camp: str, deployment: Deployment, samples: Callable[[int, int], int]) -> None:
    assert attack(deployment, camp, deployment.port, samples(5, 30), seed=1)


def test_a_leak_that_was_planted_is_found(deployment: Deployment, capfd: pytest.CaptureFixture[str]) -> None:
    with leaking(deployment) as port:
        assert not attack(
            deployment, "staff", port, 20, 1, "--checks=object_level_authorization", "--phases=fuzzing,stateful",
            only=("addPatient", "listPatients", "readPatient"),
        )  # fmt: skip
    assert "that `lead of" in capfd.readouterr().out
