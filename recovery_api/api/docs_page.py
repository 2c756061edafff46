"""The page of the document: plain HTML with its own style, readable without scripts."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from recovery_api.api.problems import TITLES

_STYLE = """
body{font:17px/1.5 system-ui,sans-serif;color:#1a2421;background:#f6f7f5}
body{max-width:62rem;margin:2rem auto;padding:0 1rem}
h1,h2{color:#0b5a4c}
section{background:#fff;border:1px solid #dde2de;border-radius:8px;padding:.2rem 1rem;margin:1rem 0}
code{font:15px ui-monospace,monospace;overflow-wrap:anywhere}
a{color:#0a5c8a}
td,th{text-align:left;padding:.2rem .8rem .2rem 0}
@media(prefers-color-scheme:dark){
body{background:#101514;color:#e7ecea}
section{background:#171e1c;border-color:#3a4540}
h1,h2{color:#83d3b4}
a{color:#8cc8f0}
}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
PAGE_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; frame-ancestors 'none'"
_LOCKS = {"patientToken": "patient's token", "staffToken": "clinician's token"}


def docs_page(document: Mapping[str, Any]) -> str:
    """The page for a document."""
    info = document["info"]
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(info['title'])}</title>",
        f"<meta name=viewport content='width=device-width'><style>{_STYLE}</style>",
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info['description'])}</p>",
        "<p>The whole document, for tools: <a href=openapi.json>openapi.json</a>. "
        "Writes take an <code>Idempotency-Key</code>; lists are paged by <code>?cursor=&amp;limit=</code>.</p>",
        *_operations(document),
        "<h2>Problem codes</h2><section><table><tr><th>code<th>meaning",
        *(f"<tr id={code}><td><code>{code}</code><td>{escape(titles[0])}" for code, titles in TITLES.items()),
        "</table></section></html>",
    ]
    return "\n".join(parts)


def _operations(document: Mapping[str, Any]) -> Iterator[str]:
    for tag in document["tags"]:
        yield f"<h2>{escape(tag['name'])}</h2><p>{escape(tag['description'])}</p>"
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                if isinstance(operation, dict) and tag["name"] in operation.get("tags", ()):
                    yield _operation(path, method, operation)


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> str:
    locks = [_LOCKS[name] for way in operation["security"] for name in way] or ["no token"]
    answers = ", ".join(operation["responses"])
    return (
        f"<section id={operation['operationId']}><h3><code>{method.upper()} {escape(path)}</code></h3>"
        f"<p><b>{escape(operation['summary'])}</b> ({escape(', '.join(locks))}). "
        f"{escape(operation.get('description', ''))}</p><p>Answers: {escape(answers)}</p></section>"
    )
