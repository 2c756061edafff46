"""An application that takes the carrier's web hooks, checks their signature, and answers what it is told to."""

import queue
from contextlib import contextmanager
from urllib.parse import parse_qs

from recovery_api.hooks.signature import signed_by
from recovery_api.simulator.server import Answer, CarrierServer, Ending


class HookSink:
    """Web hooks in the order of their arrival; `answers` are given one by one, then 200 for ever."""

    def __init__(self, token):
        self.token = token
        self.site = ""
        self.answers = []
        self._arrived = queue.Queue()

    def route(self, request):
        fields = parse_qs(request.body.decode(), keep_blank_values=True)
        query = "&".join(f"{name}={value[0]}" for name, value in request.query.items())
        signed = signed_by(
            [self.token], self.site, request.path, query, fields, request.headers.get("X-Twilio-Signature")
        )
        hook = {name: value for name, [value] in fields.items()}
        hook |= {"signed": signed, "path": request.path, "query": query}
        hook["token"] = request.headers["I-Twilio-Idempotency-Token"]
        self._arrived.put(hook)
        return self.answers.pop(0) if self.answers else Answer(200, b"<Response/>", {"Content-Type": "text/xml"})

    def next(self):
        """The next web hook; fails where none comes."""
        return self._arrived.get(timeout=10)

    def taken(self, count):
        """The next web hooks, so many."""
        return [self.next() for _ in range(count)]

    @property
    def empty(self):
        return self._arrived.empty()


HANG_UP = Answer(ending=Ending.HANG_UP)


@contextmanager
def hook_sink(token):
    sink = HookSink(token)
    server = CarrierServer("127.0.0.1", 0, sink.route)
    server.start()
    sink.site = server.address
    try:
        yield sink
    finally:
        server.stop()
