"""What a sender has in hand. What it holds beyond that was lost with the database, and is given back."""

from concurrent.futures import Future

from recovery_api.services.claim_work import Claim, give_back


class InHand:
    """The claims that threads of one sender are working on."""

    def __init__(self, lane: str, holder: str) -> None:
        self._kind = f"send_{lane}"
        self._holder = holder
        self._work: dict[Future[int], Claim] = {}
        self._shaken: set[Future[int]] | None = None

    def under_way(self) -> set[Future[int]]:
        """What is not done yet."""
        self._work = {future: claim for future, claim in self._work.items() if not future.done()}
        return set(self._work)

    def add(self, future: Future[int], claim: Claim) -> None:
        """A thread has taken `claim` in hand."""
        self._work[future] = claim

    def note_trouble(self) -> None:
        """The database did not answer: whoever is at work now may lose their claim in it."""
        self._shaken = self.under_way()

    def settle_trouble(self) -> int:
        """Once all who were at work then have ended, give back what nobody has in hand; how much it was.

        Without this it would wait for the end of its lease, a text about safety like any other.
        """
        if self._shaken is None or self._shaken & self.under_way():
            return 0
        given = give_back(self._kind, self._holder, [claim.row_id for claim in self._work.values()])
        self._shaken = None
        return given
