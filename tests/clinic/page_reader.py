"""Reads a page as a browser's parser would, as far as the tests need to know."""

from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser

from flask import Blueprint, Flask, render_template
from jinja2 import StrictUndefined

from recovery_api.clinic.languages import speak


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """The tags, texts and forms of a page."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.forms: list[Form] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append((tag, attributes))
        if tag == "form":
            self.forms.append(Form(attributes.get("action", ""), attributes.get("method", "get")))
        elif tag in ("input", "select", "textarea", "button") and self.forms and "name" in attributes:
            self.forms[-1].fields[attributes["name"]] = attributes.get("value", "")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def posting(self, action: str) -> Form:
        return next(form for form in self.forms if form.action == action and form.method == "post")


@cache
def page_maker() -> Flask:
    """An application that has the templates and nothing else."""
    app = Flask("pages", static_folder=None)
    app.jinja_env.undefined = StrictUndefined
    speak(app)
    for name, package, path in (
        ("clinic", "recovery_api.clinic", "/static"),
        ("simulator", "recovery_api.simulator", "/demo/static"),
    ):
        folders = {"template_folder": "templates", "static_folder": "static", "static_url_path": path}
        app.register_blueprint(Blueprint(name, package, **folders))
    return app


def shown(template: str, page: object) -> Page:
    """A template filled with a page, read."""
    with page_maker().test_request_context("/"):
        return Page(render_template(template, page=page, csrf="form-token"))
