"""The docs page: the OpenAPI document for a person, in one file that loads nothing."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from serving.problems import PROBLEMS

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
body { color: #1d2430 } h2 { margin-top: 2.5rem } .method { color: #0b6b53; font-weight: 600 }
pre { background: #f3f5f8; padding: .8rem; overflow: auto } code { font-size: .95em }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #d9dee6 }
"""


def docs_page(document: Mapping[str, Any]) -> str:
    """The page as HTML."""
    body = "\n".join([*_operations(document), *_schemas(document), *_problems()])
    info = document["info"]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{info["title"]}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{info['title']}, HTTP version {info['version']}"
        f"</h1><p>{escape(info['description'])}</p>"
        '<p>For machines: <a href="/openapi.json">/openapi.json</a></p>'
        f"{body}</body></html>"
    )


def _operations(document: Mapping[str, Any]) -> Iterator[str]:
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f'<h2><span class="method">{method.upper()}</span> {escape(path)}</h2>'
            yield f"<p>{escape(operation['summary'])}.</p>"
            for parameter in operation.get("parameters", ()):
                need = "required" if parameter["required"] else "optional"
                yield f"<p><code>{parameter['name']}</code> ({parameter['in']}, {need})</p>"
            if "requestBody" in operation:
                name = _name(operation["requestBody"])
                example = json.dumps(schemas[name]["examples"][0], indent=2)
                yield f'<p>Body: <a href="#{name}">{name}</a></p><pre>{escape(example)}</pre>'
            if answer := _name(operation["responses"]["200"]):
                yield f'<p>Answer: <a href="#{answer}">{answer}</a></p>'


def _name(holder: Mapping[str, Any]) -> str:
    schema = next(iter(holder["content"].values()))["schema"]
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _schemas(document: Mapping[str, Any]) -> Iterator[str]:
    for name, schema in document["components"]["schemas"].items():
        text = json.dumps(schema, indent=1)
        yield f'<h2 id="{name}">{name}</h2><details><summary>schema</summary>'
        yield f"<pre>{escape(text)}</pre></details>"


def _problems() -> Iterator[str]:
    yield "<h2>Problems</h2><table><tr><th>code</th><th>status</th><th>meaning</th></tr>"
    for problem in PROBLEMS:
        yield (
            f'<tr id="{problem.code}"><td><code>{problem.code}</code></td>'
            f"<td>{problem.status}</td><td>{escape(problem.title)}</td></tr>"
        )
    yield "</table>"
