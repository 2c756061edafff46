"""The part of Twilio's REST API that texts need, as its official client speaks it."""

import base64
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from urllib.parse import parse_qs, urlencode

from recovery_api.simulator.carrier_delivery import Delivery
from recovery_api.simulator.carrier_faults import AFTER_ACCEPT, REFUSING, Fault, FaultBoard
from recovery_api.simulator.carrier_messages import API_VERSION, CarrierMessage, Search, as_created, as_resource
from recovery_api.simulator.carrier_requests import CarrierError, read_new_text
from recovery_api.simulator.carrier_state import CarrierState
from recovery_api.simulator.server import Answer, Ending, Request, in_json

_PATH = re.compile(rf"/{API_VERSION}/Accounts/(?P<account>[^/]+)/Messages(?:/(?P<sid>[^/]+))?\.json")
_DAY = timedelta(days=1)

Fields = Mapping[str, list[str]]


class CarrierApi:
    """Creates, lists, shows, redacts, cancels and deletes texts."""

    def __init__(
        self, state: CarrierState, faults: FaultBoard, delivery: Delivery, credentials: Collection[tuple[str, str]]
    ) -> None:
        self._state = state
        self._faults = faults
        self._delivery = delivery
        self._basic = {basic(username, password) for username, password in credentials}

    def answer(self, request: Request) -> Answer:
        """The answer that Twilio would give, or what a fault makes of it."""
        self._state.count("requests")
        fields = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        path = _PATH.fullmatch(request.path)
        phone, on = self._about(request, fields, path)
        fault = self._faults.strike(REFUSING, phone, on)
        if fault is not None:
            return self._refused(phone, on, fault.code or None, refusal(fault), fault.fault)
        try:
            answer = self._route(request, fields, path)
        except CarrierError as error:
            return self._refused(phone, on, error.code, in_error(error))
        fault = self._faults.strike(AFTER_ACCEPT, phone, on) if answer.status == 201 else None
        if fault is None:
            return answer
        self._note_request(phone, "spoilt", fault=fault.fault)
        return spoilt(fault, answer)

    def _refused(
        self, phone: str | None, on: str, code: int | None, answer: Answer, fault: str | None = None
    ) -> Answer:
        self._state.count("refused")
        if on == "create":
            self._note_request(phone, "refused", code=code, fault=fault)
        return answer

    def _note_request(self, phone: str | None, what: str, **facts: object) -> None:
        """All requests about a phone are one entry of the log: a refused one is no text yet."""
        self._state.log.note(phone or "", "request", 0, what, **facts)

    def _about(self, request: Request, fields: Fields, path: re.Match[str] | None) -> tuple[str | None, str]:
        """The phone that a request is about, and whether it creates or reads."""
        if path is not None and path["sid"]:
            message = self._state.messages.get(path["sid"])
            return (message.phone if message else None), "read"
        if request.method == "POST":
            return fields.get("To", [None])[0], "create"
        return request.asked("To") or request.asked("From"), "read"

    def _route(self, request: Request, fields: Fields, path: re.Match[str] | None) -> Answer:
        if request.headers.get("Authorization") not in self._basic:
            raise CarrierError(20003, "Authenticate", 401)
        if path is None or path["account"] != self._state.account_sid:
            raise _not_found(request.path)
        if path["sid"] is None:
            by_method: dict[str, Callable[[], Answer]] = {
                "POST": lambda: self._create(fields),
                "GET": lambda: self._list(request),
            }
        else:
            message = self._state.messages.get(path["sid"])
            if message is None:
                raise _not_found(request.path)
            by_method = {
                "GET": lambda: self._shown(message),
                "POST": lambda: self._update(message, fields),
                "DELETE": lambda: self._delete(message),
            }
        if request.method not in by_method:
            raise CarrierError(20004, "Method not allowed", 405)
        return by_method[request.method]()

    def _create(self, fields: Fields) -> Answer:
        text = read_new_text(fields, self._state.real_now())
        message = self._state.create(text)
        self._delivery.begin(message, text.send_at, text.validity)
        return in_json(as_created(message, self._state.account_sid, sender_named=text.from_ is not None), 201)

    def _shown(self, message: CarrierMessage) -> Answer:
        return in_json(as_resource(message, self._state.account_sid))

    def _update(self, message: CarrierMessage, fields: Fields) -> Answer:
        body, status = fields.get("Body", [None])[0], fields.get("Status", [None])[0]
        if body not in (None, "") or status not in (None, "canceled") or (body, status) == (None, None):
            raise CarrierError(20001, "Only an empty Body or the Status canceled may be set")
        if status == "canceled" and not self._delivery.cancel(message):
            raise CarrierError(30409, "Message can not be canceled")
        if body == "":
            message.body = ""
        return self._shown(message)

    def _delete(self, message: CarrierMessage) -> Answer:
        message.deleted = True
        return Answer(204)

    def _list(self, request: Request) -> Answer:
        size = _whole(request.asked("PageSize"), 50, 1, 1000)
        page = _whole(request.asked("Page"), 0, 0, 10**6)
        token = request.asked("PageToken")
        below = _whole(token.removeprefix("PA"), 0, 1, 10**9) if token else None
        found = self._state.messages.newest_first(_search(request), below)
        shown = list(islice(found, size + 1))
        has_more, shown = len(shown) > size, shown[:size]

        def uri(number: int, token: str = "") -> str:
            kept = {name: value[0] for name, value in request.query.items() if name not in ("Page", "PageToken")}
            kept |= {"PageSize": str(size), "Page": str(number), **({"PageToken": token} if token else {})}
            return f"{request.path}?{urlencode(kept)}"

        return in_json(
            {
                "messages": [as_resource(message, self._state.account_sid) for message in shown],
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + max(0, len(shown) - 1),
                "first_page_uri": uri(0),
                "previous_page_uri": None,
                "next_page_uri": uri(page + 1, f"PA{shown[-1].number}") if has_more else None,
                "uri": uri(page),
            }
        )


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def _not_found(path: str) -> CarrierError:
    return CarrierError(20404, f"The requested resource {path} was not found", 404)


def in_error(error: CarrierError, headers: Mapping[str, str] | None = None) -> Answer:
    shown = {
        "code": error.code,
        "message": error.message,
        "more_info": f"https://www.twilio.com/docs/errors/{error.code}",
        "status": error.status,
    }
    return in_json(shown, error.status, headers)


def refusal(fault: Fault) -> Answer:
    if fault.fault == "drop_before":
        return Answer(ending=Ending.HANG_UP)
    if fault.fault == "throttle":
        pause = {"Retry-After": str(int(fault.seconds))}
        return in_error(CarrierError(20429, "Too Many Requests", 429), pause)
    if fault.fault == "unavailable":
        return in_error(CarrierError(20503, "Service Unavailable", 503))
    return in_error(CarrierError(fault.code, "Refused by a fault"))


def spoilt(fault: Fault, answer: Answer) -> Answer:
    if fault.fault == "callbacks_first":
        return replace(answer, wait_seconds=fault.seconds)
    if fault.fault == "hang_after_accept":
        return Answer(ending=Ending.WAIT, wait_seconds=fault.seconds)
    if fault.fault == "reset_after_accept":
        return Answer(ending=Ending.RESET)
    if fault.fault == "error_500_after_accept":
        return in_error(CarrierError(20500, "Internal Server Error", 500))
    return Answer(201, b"<html><body>It works!</body>", {"Content-Type": "text/html"})


def _search(request: Request) -> Search:
    day = request.asked("DateSent")
    since, until = request.asked("DateSent>") or day, request.asked("DateSent<") or day
    return Search(
        to=request.asked("To"),
        from_=request.asked("From"),
        sent_since=_moment(since) if since else None,
        sent_until=_moment(until, end_of_day=True) if until else None,
    )


def _moment(text: str, end_of_day: bool = False) -> datetime:
    """A moment, or the beginning or last second of a day named without a time. Raises CarrierError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CarrierError(20422, "Invalid parameter: DateSent") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment + _DAY - timedelta(seconds=1) if end_of_day and "T" not in text else moment


def _whole(text: str | None, usual: int, least: int, most: int) -> int:
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
        raise CarrierError(20422, "Invalid parameter: page")
    return int(text)
