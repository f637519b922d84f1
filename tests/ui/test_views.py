"""Chat and page of the articles in one app, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ui import scripted
from tests.ui.script import ScriptedBot
from tests.ui.shelf import Shelf
from tests.ui.test_conversations import Visit
from tests.ui.whole import ask, whole

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def url(bot: ScriptedBot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    shelf = Shelf(tmp_path_factory.mktemp("shelf"))
    shelf.put_rows([{"id": "bridge", "title": "A bridge", "text": "The council approved it."}])
    with pytest.MonkeyPatch.context() as patch, whole(bot, shelf) as address:
        patch.setattr(bot.store, "count", shelf.store.count)
        yield address
    shelf.close()


def _seen(page: Any) -> tuple[bool, bool]:
    return page.locator("#og-talk").is_visible(), page.locator("#og-lib").is_visible()


def test_the_articles_take_the_place_of_the_chat_and_give_it_back(
    visit: Visit, tmp_path: Path
) -> None:
    page = visit()
    ask(page, scripted.PHONE)
    page.click("#og-top [data-act=articles]")
    page.wait_for_selector("#og-lib-list li")
    page.wait_for_selector("#og-talk", state="hidden")
    assert _seen(page) == (False, True) and "view=articles" in page.url
    page.reload()
    page.wait_for_selector("#og-lib-list li")
    assert _seen(page) == (False, True)
    file = tmp_path / "ferry.txt"
    file.write_text("The ferry struck the quay on Monday.", encoding="utf-8")
    page.set_input_files("#og-lib-head input[type=file]", str(file))
    page.wait_for_selector(".og-news-done")
    page.click("#og-top [data-act=talk]")
    page.locator("#og-top", has_text="2 articles").wait_for()
    page.wait_for_selector("#og-lib", state="hidden")
    assert _seen(page) == (True, False) and "view=" not in page.url
    assert page.locator("#og-live .og-done").count() == 1
    page.wait_for_selector("#og-box textarea:focus")
