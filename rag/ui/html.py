"""Templates -> HTML that is safe to show.

Articles, titles, file names and questions are untrusted. Every text is escaped by the
templates, and the whole is then cleaned by nh3 against a list of the tags and attributes that
the templates use: `gr.HTML` puts what it gets into the page as it is.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import nh3
from jinja2 import Environment, FileSystemLoader, StrictUndefined

_TEMPLATES = Path(__file__).with_name("templates")

TAGS = {
    "a", "aside", "bdi", "button", "code", "details", "div", "footer", "form", "h1", "h2", "h3",
    "h4", "header", "i", "input", "label", "li", "mark", "nav", "ol", "option", "p", "pre",
    "q", "s", "section", "select", "span", "summary", "time", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"class", "lang", "dir", "role", "title", "tabindex", "id", "hidden"},
    "a": {"href", "target"},
    "button": {"type", "disabled"},
    "details": {"open"},
    "input": {"type", "value", "placeholder", "maxlength", "autocomplete", "checked", "disabled"},
    "label": {"for"},
    "option": {"value", "selected"},
    "time": {"datetime"},
}


def fill(template: str, **values: object) -> str:
    """The template of that name with `values`, cleaned."""
    return clean(_environment().get_template(template).render(**values))


def clean(html: str) -> str:
    """`html` with only the tags, attributes and addresses that the templates use."""
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=_ATTRIBUTES,
        generic_attribute_prefixes={"data-", "aria-"},
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer",
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
