"""The page of the articles in a real browser, over a real store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ui.scripted import ATTACKS
from tests.ui.shelf import FERRY, Shelf, shown

pytestmark = pytest.mark.browser

Visit = Callable[..., Any]
STORM = " ".join(ATTACKS)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    made = Shelf(tmp_path_factory.mktemp("shelf"))
    made.put_rows(
        [
            {
                "id": f"wire-{n:02}",
                "title": f"Bridge {n} approved",
                "text": f"The council approved bridge {n} on Tuesday.\n"
                "Read more: Bridges\nIt is red.",
                "publish_date": f"2024-02-{n % 28 + 1:02}",
                "source": ("Reuters", "The Cork Wire")[n % 2],
            }
            for n in range(60)
        ]
        + [{"id": STORM, "title": STORM, "text": f"{STORM} said the mayor.", "source": STORM,
            "url": "javascript:window.__xss=10", "publish_date": "2024-03-01"}]
    )  # fmt: skip
    yield made
    made.close()


@pytest.fixture(scope="module")
def address(shelf: Shelf) -> Iterator[str]:
    with shown(shelf.library) as url:
        yield url


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Visit]:
    contexts = []

    def open_page(size: tuple[int, int] = (1280, 800), url: str = address) -> Any:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(url)
        page.wait_for_selector("#og-lib h1")
        return page

    yield open_page
    for context in contexts:
        context.close()


def _fits(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def _focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.textContent"))


def test_finding_reading_and_going_back_with_the_keyboard(visit: Visit) -> None:
    page = visit()
    page.click("[data-act=turn] >> text=Next")
    page.wait_for_selector("text=51–61 of 61")
    page.focus("#og-lib-search")
    page.keyboard.type("wire-17", delay=20)
    page.wait_for_function("document.querySelectorAll('.og-lib-row').length === 1")
    assert page.inner_text("#og-lib-status").startswith("1 article found")
    assert page.evaluate("document.activeElement.id") == "og-lib-search"
    page.click("[data-clear]")
    page.select_option("#og-lib-source", "The Cork Wire")
    page.wait_for_selector("text=30 articles found")
    page.fill("#og-lib-from", "2024-02-28")
    page.wait_for_selector("text=2 articles found")
    page.locator(".og-lib-open").nth(1).focus()
    opened = _focused(page)
    page.keyboard.press("Enter")
    page.wait_for_selector(".og-reading h1:focus")
    assert page.inner_text(".og-reading h1") == opened
    grey = page.locator(".og-masked")
    assert grey.count() == 1 and "Read more: Bridges" in grey.text_content()
    grey.focus()
    assert page.inner_text(".og-tip") == "Never quoted: a link to more"
    page.keyboard.press("Escape")
    page.wait_for_selector(".og-tip", state="detached")
    page.keyboard.press("Escape")
    page.wait_for_selector(".og-reading", state="detached")
    assert _focused(page) == opened


def test_files_are_added_and_what_failed_is_said(
    visit: Visit, shelf: Shelf, tmp_path: Path
) -> None:
    (tmp_path / "Färjan Aurora.txt").write_text(FERRY)
    (tmp_path / "strike.html").write_text(
        "<html><head><title>Dockers strike in Hull</title></head><body><article><p>Two thousand "
        "dockers in Hull walked out on Monday over pay, the union said. The port handles ten "
        "million tonnes a year.</p></article></body></html>"
    )
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 nonsense")
    (tmp_path / "<img src=x onerror=window.__xss=20>.txt").write_bytes(b"")
    page = visit()
    with page.expect_file_chooser() as chooser:
        page.click("[data-choose]")
    chooser.value.set_files([str(path) for path in sorted(tmp_path.iterdir())])
    page.wait_for_selector(".og-news-done")
    assert page.inner_text(".og-news-done .og-news-what") == "2 added, 2 failed"
    told = page.inner_text(".og-news-failures")
    assert "broken.pdf is not a readable PDF (damaged or cut off): export it again." in told
    assert "<img src=x onerror=window.__xss=20>.txt is empty" in told
    page.wait_for_selector("text=63 articles")
    article = shelf.store.article("Färjan Aurora")
    assert article is not None and article.text == FERRY
    page.click("#to-swedish")
    page.wait_for_selector("text=2 tillagda, 2 misslyckades")
    assert "är ingen läsbar PDF" in page.inner_text(".og-news-failures")
    page.click(".og-news-done [data-act=read]")
    page.wait_for_selector(".og-reading")
    assert "Färjan Aurora.txt" in page.inner_text(".og-facts")
    assert page.evaluate("typeof window.__xss") == "undefined"


def test_files_can_be_dropped(visit: Visit, shelf: Shelf) -> None:
    page = visit()
    before = shelf.library.size()
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(["No ferry sails to Gotland on Sunday.\\n"], "dropped.txt"));
          for (const kind of ["dragover", "drop"]) {
            document.body.dispatchEvent(new DragEvent(kind,
              { dataTransfer: data, bubbles: true, cancelable: true }));
          }
        }"""
    )
    page.wait_for_selector("text=1 added")
    assert shelf.library.size() == before + 1


def test_removing_offers_to_undo_and_keeps_the_focus(visit: Visit, shelf: Shelf) -> None:
    page = visit(size=(390, 844))
    assert _fits(page)
    row = page.locator(".og-lib-row", has_text="Bridge 27 approved")
    row.locator("[data-act=remove]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".og-lib-undo:focus")
    assert page.inner_text("#og-lib-status") == "Removed: Bridge 27 approved"
    assert shelf.store.article("wire-27") is None
    assert row.count() == 0 and _fits(page)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Bridge 27 approved is back.")
    page.wait_for_function("document.activeElement.dataset.article === 'wire-27'")
    assert shelf.store.article("wire-27") is not None
    page.keyboard.press("Enter")
    page.wait_for_selector(".og-reading")
    assert _fits(page)
    page.click(".og-reading [data-act=remove]")
    page.wait_for_selector(".og-lib-undo:focus")
    assert page.locator(".og-reading").count() == 0
    page.keyboard.press("Enter")
    page.wait_for_selector("text=is back.")


def test_attack_strings_are_shown_and_never_run(visit: Visit) -> None:
    page = visit()
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.fill("#og-lib-search", ATTACKS[0])
    page.wait_for_function("document.querySelectorAll('.og-lib-row').length === 1")
    row = page.locator(".og-lib-open")
    row.hover()
    row.click()
    page.wait_for_selector(".og-reading")
    page.locator(".og-facts dd").first.hover()
    for attack in ATTACKS:
        for place in (".og-reading h1", ".og-reading-text", ".og-facts"):
            assert attack in page.locator(place).text_content()
    assert page.locator(".og-reading a").count() == 0
    page.click(".og-reading [data-act=remove]")
    page.wait_for_selector(".og-lib-undo")
    page.click(".og-lib-undo")
    page.wait_for_selector("text=is back.")
    page.wait_for_timeout(300)
    assert page.evaluate("typeof window.__xss") == "undefined"
    assert dialogs == []
    inside = "#og-lib :is(script, img, svg, iframe, style, [onerror], [onload], [onmouseover])"
    assert page.locator(inside).count() == 0


def test_an_empty_page_says_how_to_add_the_first(
    visit: Visit, tmp_path: Path, browser: Any
) -> None:
    empty = Shelf(tmp_path)
    with shown(empty.library) as url:
        page = visit(url=url)
        assert "No articles yet" in page.inner_text("h1")
        assert page.locator("#og-lib-search").count() == 0
        assert page.locator("[data-choose]").inner_text() == "Choose files"
    empty.close()
