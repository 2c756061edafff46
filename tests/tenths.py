"""What a run with workers shows: a line for every tenth of the tests, and letters for those alone that do not pass."""

from time import perf_counter
from typing import Any

import pytest

TENTH = 10  # per cent


def pytest_configure(config: pytest.Config) -> None:
    """Only where workers are led from, and nobody asked for more words."""
    if config.getoption("--workers") and config.option.verbose < 0:
        config.pluginmanager.register(Tenths(), "tenths")


class Tenths:
    """Counts the tests that have ended, in whichever worker."""

    def __init__(self) -> None:
        self._ended, self._told = 0, 0

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Nothing is collected here; xdist tells the session how many tests there are."""
        self._session, self._began = session, perf_counter()
        self._terminal: Any = session.config.pluginmanager.get_plugin("terminalreporter")

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """No letter for what passes, or is left out as it should be."""
        is_ordinary = report.skipped or (report.passed and report.when == "call")
        return (report.outcome, "", "") if is_ordinary and not hasattr(report, "wasxfail") else None

    def pytest_runtest_logfinish(self) -> None:
        """A line where a tenth is full."""
        self._ended += 1
        done = 100 * self._ended // max(self._session.testscollected, 1)
        if done >= self._told + TENTH:
            self._told = done - done % TENTH
            self._terminal.ensure_newline()
            self._terminal.write_line(f"{self._told:3} % of the tests after {perf_counter() - self._began:.0f} s")
