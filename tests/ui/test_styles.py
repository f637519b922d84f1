"""The styles of the page, as Gradio takes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ASSETS = Path(__file__).parents[2] / "rag" / "ui" / "assets"
# login.css is not Gradio's: it stands in a page of its own.
STYLES = [path for path in ASSETS.glob("*.css") if path.name != "login.css"]
AROUND = re.compile(r"(^|[\s,])(html|body|:root|gradio-app|\.gradio-container)\b")


def within_media(css: str) -> Iterator[str]:
    """The selectors of the rules that stand in an `@media` of their own."""
    for found in re.finditer(r"^@media[^{]*\{((?:[^{}]*\{[^{}]*\})*)[^{}]*\}", css, re.MULTILINE):
        for rule in re.finditer(r"([^{}]+)\{[^{}]*\}", found[1]):
            yield rule[1].strip()


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_no_rule_within_media_is_about_what_is_around_the_app(path: Path) -> None:
    # Gradio puts the class of the app before it, so it would never hold.
    css = re.sub(r"/\*[\s\S]*?\*/", "", path.read_text(encoding="utf-8"))
    assert [selector for selector in within_media(css) if AROUND.search(selector)] == []


def test_such_a_rule_would_be_found() -> None:
    css = "@media (x) {\n  .a { b: c }\n  html.d #e, .f { g: h }\n}\nhtml.d { @media (x) { i: j } }"
    assert [s for s in within_media(css) if AROUND.search(s)] == ["html.d #e, .f"]
