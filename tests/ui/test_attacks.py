"""What strangers write is shown, never run: known attack strings wherever a stranger can write.

The store and the page of the articles are real, and so is the browser; only the answers are
scripted, over what the store took in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from rag.settings import Settings
from rag.store.store import Store
from tests.ui.script import Script, ScriptedBot, evidence
from tests.ui.shelf import Shelf
from tests.ui.whole import ask, whole

pytestmark = pytest.mark.browser

Visit = Callable[..., Any]

ATTACKS = (
    "<script>window.__pwned=1;alert(1)</script>",
    "<script src=https://evil.invalid/x.js></script>",
    "<img src=x onerror=window.__pwned=2>",
    "<img src='https://evil.invalid/pixel.png'>",
    "\"><svg onload=window.__pwned=3>",
    "<svg><script href='data:,window.__pwned=4'/></svg>",
    "<iframe src=https://evil.invalid/></iframe>",
    "<iframe srcdoc='<script>parent.__pwned=5</script>'></iframe>",
    "<object data='data:text/html,<script>parent.__pwned=6</script>'></object>",
    "<a href=\"javascript:window.__pwned=7\">a</a>",
    "<a href='JaVa&#x0A;Script:window.__pwned=8'>a</a>",
    "[link](javascript:window.__pwned=9)",
    "[link](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "![picture](https://evil.invalid/md.png)",
    "[ref]: https://evil.invalid/ref",
    "<https://evil.invalid/auto> www.evil.invalid",
    "{{7*7}} ${7*7} <%= 7*7 %> #{7*7} {% raw %}",
    "{{ ''.__class__.__mro__ }}",
    "{{#with this}}{{lookup . 'constructor'}}{{/with}}",
    "${window.__pwned=10} `;window.__pwned=11;`",
    "' autofocus onfocus='window.__pwned=12' x='",
    "\" onmouseover=\"window.__pwned=13\" data-act=\"fresh",
    "</textarea></title></style></script><b onmouseover=window.__pwned=14>b</b>",
    "<style>body{display:none;background:url(https://evil.invalid/css)}</style>",
    "<div style='position:fixed;inset:0;background:red'>",
    "<link rel=stylesheet href=https://evil.invalid/x.css>",
    "<meta http-equiv=refresh content='0;url=https://evil.invalid/'>",
    "<base href=https://evil.invalid/>",
    "<form action=https://evil.invalid/><input name=q autofocus onfocus=window.__pwned=15>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=window.__pwned=16>",
    "<noscript><p title=\"</noscript><img src=x onerror=window.__pwned=17>\">",
    "&lt;script&gt;window.__pwned=18&lt;/script&gt; &#60;img src=x&#62;",
    "\u202egnp.exe\u202c \u2066\u200b\u2069 Z\u0351\u036b\u0343a\u0329\u0345lgo",
    "W" * 300,
)  # fmt: skip
STORM = " ".join(ATTACKS)
NUL = "before\x00after<img src=x onerror=window.__pwned=19>"
QUESTION = f"What does the attack say? {STORM}"
FILE = "<img src=x onerror=window.__pwned=20>{{7*7}}\u202e' \"[x](javascript:1).txt"

# Elements that only an attack can have put there.
FOREIGN = (
    "[id^=og-] :is(script, img, iframe, object, embed, style, link, meta, base, math, b, svg),"
    "[id^=og-] :is([onerror], [onload], [onmouseover], [onfocus]),"
    "[id^=og-] [autofocus]:not(#og-box textarea),"
    "[id^=og-] :is([href^='javascript' i], [href^='data' i], [style*='fixed'])"
)


@dataclass
class Watch:
    """What a page did that it must not do."""

    url: str
    dialogs: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)

    def over(self, page: Any) -> None:
        page.on("dialog", self._dialog)
        page.context.on("request", self._request)
        page.context.on("page", lambda opened: self.pages.append(opened.url))

    def _dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _request(self, request: Any) -> None:
        # The page's own icons are drawn in its style sheet.
        if not request.url.startswith((self.url, "blob:", "data:image/svg+xml,%3Csvg")):
            self.outside.append(request.url[:200])

    def unhurt(self, page: Any) -> None:
        page.wait_for_timeout(300)
        assert (self.dialogs, self.outside, self.pages) == ([], [], [])
        assert len(page.frames) == 1
        assert page.evaluate("typeof window.__pwned") == "undefined"
        assert page.locator(FOREIGN).evaluate_all("all => all.map(e => e.outerHTML)") == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    made = Shelf(tmp_path_factory.mktemp("shelf"))
    said = "\n\n".join(f"The attack says {attack} and goes on." for attack in ATTACKS)
    made.put_rows(
        [
            {"id": "storm", "title": STORM, "text": f"{said}\n\nThe attack says {STORM} too.\n",
             "source": STORM, "url": "javascript:window.__pwned=21", "publish_date": "2025-01-02"},
            {"id": "other", "title": NUL, "text": "Nothing else was said on Friday.",
             "source": NUL, "publish_date": "2025-01-03",
             "url": "https://example.invalid/'\"><img src=x onerror=window.__pwned=22>"},
        ]
    )  # fmt: skip
    yield made
    made.close()


@pytest.fixture(scope="module")
def address(shelf: Shelf) -> Iterator[str]:
    with whole(_bot(shelf.store), shelf, {"en": [QUESTION]}) as url:
        yield url


def _bot(store: Store) -> ScriptedBot:
    """Answers out of the store's own articles, everything else in the answer an attack too."""
    storm, other = store.article("storm"), store.article("other")
    assert storm is not None and other is not None
    lines = [line for line in storm.text.split("\n") if line.startswith("The attack says")]
    assert len(lines) == len(ATTACKS) + 1
    items = [
        evidence(storm, lines[-1], 1),
        evidence(storm, lines[0], 2),
        evidence(other, "Nothing else was said on Friday.", 3),
    ]
    script = Script(
        items,
        [(f"It says {STORM}", [1]), ("It goes on.", [2])],
        conflict=(STORM, [(STORM, 1), (STORM, 3)]),
        removed=[(STORM, STORM), (NUL.replace("\x00", ""), STORM)],
        standalone=f"Rewritten {STORM}",
        translations={1: STORM, 3: STORM},
    )
    bot = ScriptedBot([], {QUESTION: script})
    bot.settings = Settings(llm="none", max_question_chars=2 * len(QUESTION))
    bot.store = store  # type: ignore[assignment]  # the real one
    return bot


def _shows(page: Any, selector: str) -> None:
    """Every attack stands in the text of `selector`, sign for sign but for its spaces."""
    shown = "".join(page.locator(selector).first.text_content().split())
    missing = [attack for attack in ATTACKS if "".join(attack.split()) not in shown]
    assert not missing, (selector, missing, shown[:300])


def test_an_answer_made_of_attacks_is_text(visit: Visit, address: str, shelf: Shelf) -> None:
    watch = Watch(address)
    page = visit(url=address)
    watch.over(page)
    page.locator("[data-act=example]").first.click()
    page.wait_for_selector("#og-live .og-done")
    for part in (".og-question", ".og-understood", ".og-statement", ".og-conflict h3",
                 ".og-side .og-claim", ".og-quotes .og-words", ".og-quotes .og-outlet",
                 ".og-quotes .og-title", ".og-quotes .og-translation"):  # fmt: skip
        _shows(page, f"#og-live {part}")
    page.click("#og-live .og-removed summary")
    _shows(page, "#og-live .og-removed ul")
    page.locator("#og-live .og-answer .og-cite").first.hover()
    page.wait_for_selector(".og-pop:popover-open")
    watch.unhurt(page)
    page.locator("#og-live .og-answer .og-cite").first.click()
    page.wait_for_selector("mark.og-current")
    for part in ("mark.og-current", ".og-article h2", ".og-article .og-kicker"):
        _shows(page, part)
    assert page.locator(".og-article a").count() == 0  # its address is a script
    watch.unhurt(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")

    page.locator("#og-live .og-said .og-down").first.click()
    page.locator(".og-ask-why:popover-open input").fill(STORM[:500])
    page.keyboard.press("Enter")
    page.wait_for_selector("#og-live .og-said .og-down[aria-pressed=true]")
    # The thumb is kept at once, its reason with the form: by an event of its own.
    for _ in range(100):
        kept = [one.feedback.reason[:100] for one in shelf.store.feedback.all()]
        if STORM[:100] in kept:
            break
        page.wait_for_timeout(100)
    assert STORM[:100] in kept
    page.reload()  # as it was kept
    page.wait_for_selector("#og-live .og-said .og-down[aria-pressed=true]")
    watch.unhurt(page)


def test_a_conversation_called_an_attack_is_listed_renamed_and_saved(
    visit: Visit, address: str, browser: Any
) -> None:
    watch = Watch(address)
    page = visit(url=address)
    watch.over(page)
    ask(page, QUESTION)
    page.click("#og-top [data-side]")
    page.wait_for_selector(".og-sidebar", state="visible")
    for title in (ATTACKS[0] + ATTACKS[2], ATTACKS[4] + ATTACKS[21] + "{{7*7}}"):
        page.locator(".og-here [data-more]").click()
        page.locator(".og-here [data-rename]").click()
        page.fill(".og-rename", title)
        page.keyboard.press("Enter")
        page.locator(".og-toast", has_text=title).wait_for()
        assert page.locator(".og-here .og-conversation").text_content() == title
        watch.unhurt(page)
    page.fill(".og-search", STORM[:120])
    page.wait_for_timeout(1_000)
    watch.unhurt(page)
    page.locator(".og-here [data-more]").click()
    with page.expect_download() as saving:
        page.click(".og-here [data-form=markdown]")
    text = Path(saving.value.path()).read_text(encoding="utf-8")
    watch.unhurt(page)
    _unhurt_as_markdown(text, browser)
    page.locator(".og-here [data-act=delete-conversation]").click()
    page.wait_for_selector(".og-undo-button")
    watch.unhurt(page)


def _unhurt_as_markdown(text: str, browser: Any) -> None:
    """The export in a renderer that lets HTML through, shown by a browser."""
    from markdown_it import MarkdownIt

    watch = Watch("about:blank")
    page = browser.new_page()
    watch.over(page)
    page.set_content(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))
    page.wait_for_timeout(500)
    assert (watch.dialogs, watch.outside) == ([], [])
    assert page.evaluate("typeof window.__pwned") == "undefined"
    foreign = page.locator("body :is(script, img, iframe, object, style, link, svg, form, b, a)")
    assert foreign.evaluate_all("all => all.map(e => e.outerHTML)") == []
    shown = "".join(page.locator("body").text_content().split())
    missing = [a for a in ATTACKS if "".join(a.split()) not in shown]
    assert not missing
    page.close()


def test_filters_and_addresses_made_of_attacks_are_text(visit: Visit, address: str) -> None:
    watch = Watch(address)
    # An address that a stranger sends: no script for this question, so it is refused.
    asked = {"q": f"{NUL} {STORM}"[:900], "source": STORM[:190], "from": "2025-01-01"}
    page = visit(url=f"{address}?{urlencode(asked)}", home="#og-live .og-done")
    watch.over(page)
    assert ATTACKS[0] in page.inner_text("#og-live .og-only")
    assert ATTACKS[0] in page.inner_text(".og-filters")
    watch.unhurt(page)
    broken = {"q": "x", "from": ATTACKS[2], "language": ATTACKS[0]}
    page.goto(f"{address}?{urlencode(broken)}")
    page.wait_for_selector(".og-toast")
    watch.unhurt(page)
    page.goto(f"{address}?{urlencode({'c': ATTACKS[0], 'view': ATTACKS[2]})}")
    page.wait_for_selector(".og-toast")
    page.click(".og-filter summary")
    page.locator("select[data-field=source]").select_option(index=1)
    page.wait_for_selector(".og-chip")
    watch.unhurt(page)


def test_articles_made_of_attacks_are_listed_read_and_added(
    visit: Visit, address: str, tmp_path: Path
) -> None:
    watch = Watch(address)
    page = visit(url=address)
    watch.over(page)
    page.click("#og-top [data-act=articles]")
    page.wait_for_selector(".og-lib-row")
    watch.unhurt(page)
    good, bad = tmp_path / FILE, tmp_path / f"{FILE}.pdf"
    good.write_text(f"The mayor said {STORM} on Monday.\n", encoding="utf-8")
    bad.write_bytes(b"%PDF-1.4 nonsense")
    page.set_input_files("#og-lib-head input[type=file]", [str(good), str(bad)])
    page.wait_for_selector(".og-news-failures")
    told = page.locator(".og-news-done").text_content()
    assert "<img src=x onerror=window.__pwned=20>{{7*7}}" in told
    watch.unhurt(page)
    rows = "document.querySelectorAll('.og-lib-row').length"
    page.wait_for_function(f"{rows} > 1")
    everything = page.evaluate(rows)
    page.fill("#og-lib-search", "storm")
    page.select_option("#og-lib-source", index=1)
    page.wait_for_timeout(1_000)
    watch.unhurt(page)
    page.click("[data-clear]")
    # Rows move while the list fills up again; a click should meet the one it was meant for.
    page.wait_for_function(f"{rows} >= {everything}")
    row = page.locator(".og-lib-open[data-article=storm]")
    row.click()
    page.wait_for_selector(".og-reading")
    for part in (".og-reading h1", ".og-reading .og-kicker", ".og-reading-text"):
        _shows(page, part)
    assert page.locator(".og-reading a").count() == 0
    watch.unhurt(page)
    page.click(".og-reading [data-act=remove]")
    page.wait_for_selector(".og-lib-undo")
    watch.unhurt(page)
    page.click(".og-lib-undo")
    page.wait_for_selector(".og-lib-undo", state="detached")
    page.locator(".og-lib-open[data-article=other]").click()
    page.wait_for_selector(".og-reading .og-facts")
    watch.unhurt(page)
