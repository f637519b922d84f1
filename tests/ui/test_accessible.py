"""axe-core over every view, in a real browser: nothing serious or critical in our own content."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ui import scripted
from tests.ui.script import ScriptedBot
from tests.ui.shelf import Shelf
from tests.ui.whole import ask, whole

pytestmark = pytest.mark.browser

Visit = Callable[..., Any]
GRAVE = {"serious", "critical"}

# What is Gradio's own markup and cannot be changed from here: (rule, a part of the target).
GRADIO: set[tuple[str, str]] = set()


@pytest.fixture(scope="module")
def address(bot: ScriptedBot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    shelf = Shelf(tmp_path_factory.mktemp("shelf"))
    shelf.ingest([scripted.SEEDS])
    examples = {"en": [scripted.PHONE], "sv": [scripted.TARIFFS]}
    with whole(bot, shelf, examples) as url:
        yield url
    shelf.close()


def _grave(page: Any, view: str) -> list[str]:
    """What axe-core holds against the page as it stands, one line for each element."""
    from axe_playwright_python.sync_playwright import Axe

    page.wait_for_timeout(250)  # what fades in has come
    found = Axe().run(page).response["violations"]
    return [
        f"{view}: {one['id']} ({one['impact']}) at {' '.join(map(str, node['target']))}: "
        f"{node['html'][:200]} {node['failureSummary']}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
        if not any(
            one["id"] == rule and part in " ".join(map(str, node["target"]))
            for rule, part in GRADIO
        )
    ]


def _views(page: Any, broken: Path, phone: bool) -> Iterator[str]:
    """Walks through the app; each name that it gives is a view to look at."""
    yield "home"
    page.click(".og-filter summary")
    page.select_option("[data-field=source]", "SVT")
    page.wait_for_selector(".og-chip")
    page.fill("[data-field=from]", "2025-06-30")
    page.fill("[data-field=to]", "2025-04-01")
    page.keyboard.press("Tab")
    page.wait_for_selector(".og-filter-problem:not(:empty)")
    yield "filters open, with a problem"
    page.keyboard.press("Escape")
    ask(page, scripted.PHONE)
    yield "answer"
    page.locator("#og-live .og-answer .og-cite").first.hover()
    page.wait_for_selector(".og-pop:popover-open")
    yield "answer with a quote beside its number"
    page.locator("#og-live .og-answer .og-cite").first.click()
    page.wait_for_selector("mark.og-current:focus")
    yield "article open"
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_selector(".og-article", state="detached")
    page.locator("#og-live .og-said .og-down").first.click()
    page.wait_for_selector(".og-ask-why:popover-open")
    yield "thumb down"
    page.keyboard.press("Escape")
    ask(page, scripted.RARE_EARTHS)
    page.click("#og-live .og-removed summary")
    yield "conflict"
    ask(page, scripted.UNANSWERED)
    yield "refusal"
    ask(page, scripted.CRASH, "#og-live .og-failed")
    page.click("#og-live [data-act=edit]")
    page.wait_for_selector("#og-note [data-editing]")
    yield "problem, edited"
    page.click("#og-top [data-side]")
    page.wait_for_selector(".og-sidebar", state="visible")
    page.locator(".og-here [data-more]").click()
    yield "conversations"
    page.click(".og-here [data-act=delete-conversation]")
    page.wait_for_selector(".og-toast")
    yield "deleted, can be undone"
    page.keyboard.press("Escape")
    if phone and page.locator(".og-sidebar").is_visible():
        page.click(".og-side-head [data-side]")
    page.click("#og-top [data-act=articles]")
    page.wait_for_selector(".og-lib-row")
    yield "articles"
    page.set_input_files("#og-lib-head input[type=file]", [str(broken)])
    page.wait_for_selector(".og-news-failures")
    yield "upload with errors"
    page.locator(".og-lib-open").first.click()
    page.wait_for_selector(".og-reading h1")
    yield "reading"
    page.click(".og-reading [data-act=remove]")
    page.wait_for_selector(".og-lib-undo")
    yield "removed, can be undone"
    page.click(".og-lib-undo")
    page.wait_for_selector(".og-lib-undo", state="detached")


LOOKS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"scheme": "dark"},
    "phone": {"size": (390, 844)},
    "dark phone": {"size": (390, 844), "scheme": "dark"},
    "Swedish": {"locale": "sv-SE"},
}


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_serious(visit: Visit, address: str, look: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4 nonsense")
    page = visit(url=address, **LOOKS[look])
    found: list[str] = []
    for view in _views(page, broken, "phone" in look):
        found += _grave(page, view)
    assert not found, "\n\n".join(found)


def test_axe_would_find_pale_words_and_nameless_buttons(visit: Visit, address: str) -> None:
    page = visit(url=address)
    page.add_style_tag(content=".og-lead { color: #ddd !important }")
    page.evaluate("document.querySelector('#og-ask').textContent = ''")
    found = " ".join(_grave(page, "home"))
    assert "color-contrast" in found and "button-name" in found
