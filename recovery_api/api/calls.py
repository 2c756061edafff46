"""How a request is carried out: body, caller, subject, key and view, all in one transaction."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, g, request

from recovery_api.api.app_versions import check_app_version
from recovery_api.api.auth import Call, admit, bearer_secret, request_proof, spend_proof
from recovery_api.api.entity_tags import check_unchanged, spare_answer, tag_answer
from recovery_api.api.rate_limits import check_rate
from recovery_api.api.strict_json import read_json
from recovery_api.db import open_transaction
from recovery_api.domain.access import ACCESS, ANYONE
from recovery_api.domain.errors import Invalid, KeyReused
from recovery_api.services.check_proof import check_proof
from recovery_api.services.find_subject import find_subject, lock_subject
from recovery_api.services.keep_answer import KeptAnswer, KeyedWrite, keep_answer, recall_answer
from recovery_api.services.keep_open_answer import OpenWrite, claim_open_write, settle_open_write
from recovery_api.wiring import wiring

WRITES = ("POST", "PUT", "PATCH", "DELETE")
VIEWS: dict[str, Callable[..., Response]] = {}  # what reads and changes, by the operation's name
_KEY = re.compile("[!-~]{1,255}")
BINDS_TOKENS = ("confirmEnrolment", "refreshToken")  # without a token, and to the key of the proof that comes with them
_KEPT_HEADERS = ("ETag",)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document.

    `has_own_identity` where the body names the fact that it creates; `also` are problems that its kind
    does not have; `edits` names the operation that reads what this one changes.
    """

    name: str
    method: str
    path: str
    largest: int
    versioned: bool = False
    has_own_identity: bool = False
    also: tuple[int, ...] = ()
    edits: str = ""

    @property
    def is_open(self) -> bool:
        """Whether no token is needed."""
        return ACCESS.get(self.name) == ANYONE

    @property
    def may_miss(self) -> bool:
        """Whether what it is about may not be there."""
        return "<uuid:" in self.path or 404 in self.also

    @property
    def is_write(self) -> bool:
        """Whether it changes anything."""
        return self.method in WRITES

    @property
    def takes_key(self) -> bool:
        """Whether an Idempotency-Key may come with it."""
        return self.is_write

    @property
    def is_edit(self) -> bool:
        """Whether If-Match may say what the caller read."""
        return bool(self.edits)

    @property
    def has_tag(self) -> bool:
        """Whether its answers carry an ETag."""
        return self.is_edit or not self.is_write


def carry_out(operation: Operation, view: Callable[..., Response], path: dict[str, Any]) -> Response:
    """Answer the request at hand; what the view did is committed before the answer is given."""
    check_app_version()
    check_rate(operation.name, bearer_secret())
    g.body = read_json(operation.largest) if operation.is_write else None
    carried = _carry_out_for_anyone if operation.is_open else _carry_out_for_caller
    answer = carried(operation, view, path)
    if operation.has_tag:
        tag_answer(answer)
    return answer if operation.is_write else spare_answer(answer)


def _carry_out_for_anyone(operation: Operation, view: Callable[..., Response], path: dict[str, Any]) -> Response:
    """What is done is committed by the view; its answer is kept afterwards, where a key came with the write."""
    key = _key() if operation.takes_key else None
    if key is None:
        return view(**path)
    write, vaults, answer = OpenWrite(key, f"{_content()} {_proven_by(operation)}"), wiring().vaults, None
    kept = claim_open_write(write, vaults)
    if kept is not None:
        return _again(KeptAnswer(200, {}, kept, True))
    try:
        answer = view(**path)
    finally:
        settle_open_write(write, answer.get_data(as_text=True) if answer is not None else None, vaults)
    return answer


def _carry_out_for_caller(operation: Operation, view: Callable[..., Response], path: dict[str, Any]) -> Response:
    proven = spend_proof()
    with open_transaction() as connection:
        call = admit(connection, operation.name, proven)
        owner = call.caller.id if call.caller.role == "patient" else None
        for name, row_id in path.items() if operation.method != "PUT" else ():  # what a PUT names need not be there yet
            find_subject(call.scope, name, row_id, owner)
        if operation.is_edit and "If-Match" in request.headers:
            lock_subject(call.scope, path, call.caller.id)
            check_unchanged(VIEWS[operation.edits](call, **path))
        return _answer_once(call, operation, lambda: view(call, **path))


def _answer_once(call: Call, operation: Operation, view: Callable[[], Response]) -> Response:
    """The kept answer where this key was used for the same write, else the view's own."""
    write = _keyed_write(call) if operation.is_write else None
    if write is None:
        return view()
    kept = recall_answer(call.scope, write)
    if kept is None:
        answer = view()
        headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
        keep_answer(
            call.scope, write, KeptAnswer(answer.status_code, headers, answer.get_data(as_text=True), True), call.now
        )
        return answer
    if kept.same_write:
        return _again(kept)
    if operation.has_own_identity:
        answer = view()
        if answer.status_code == 200:
            return answer
    raise KeyReused("This key was used for a request that said something else.", field="Idempotency-Key")


def _again(kept: KeptAnswer) -> Response:
    content_type = "application/json" if kept.body else None
    answer = Response(kept.body, kept.status, kept.headers, content_type=content_type)
    answer.headers["Idempotent-Replayed"] = "true"
    return answer


def _keyed_write(call: Call) -> KeyedWrite | None:
    key = _key()
    return KeyedWrite(call.caller.id, key, _content()) if key is not None else None


def _key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise Invalid("must be 1 to 255 visible ASCII characters", field="Idempotency-Key")
    return key


def _proven_by(operation: Operation) -> str:
    """The thumbprint of the key whose proof came with a write that binds tokens to it: its answer is for that key."""
    proof = request_proof() if operation.name in BINDS_TOKENS else None
    return check_proof(proof).thumbprint.hex() if proof is not None else ""


def _content() -> str:
    """What the write at hand says: method, path and body."""
    said = json.dumps(g.body, sort_keys=True, separators=(",", ":"))
    return f"{request.method} {request.path} {said}"
