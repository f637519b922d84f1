"""The page of the articles as HTML: reading, and what outsiders wrote."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

from rag.corpus.boilerplate import rules
from rag.types import Filters, IngestFailure
from rag.ui import library_render as render
from rag.ui.library import Added, Adding, Row
from rag.ui.strings import CATALOGUE, Strings
from tests.ui.scripted import ATTACKS, made_article

EN, SV = Strings("en"), Strings("sv")
CORPUS = Path(__file__).parents[2] / "rag" / "corpus"


def test_an_article_reads_as_its_own_text_with_masked_words_grey() -> None:
    text = "Harbour opens\nThe harbour opened on Friday.\nRead more: Ports of the world\nIt rained."
    article = made_article("harbour", text, masked=r"Read more.*\n")
    page = render.reading(EN, article, None, editable=True)
    body = re.search(r'<div class="og-reading-text".*?</div>', page, re.DOTALL)[0]  # type: ignore[index]
    shown = re.sub(r'<span class="og-hidden".*?</span>', "", body)
    lines = re.findall(r"<p[^>]*>(.*?)</p>", shown, re.DOTALL)
    assert [html.unescape(re.sub(r"<[^>]*>", "", line)) for line in lines] == text.split("\n")
    (grey,) = re.findall(r'class="og-masked" data-why="([^"]*)" tabindex="0">(.*?)</p>', body)
    assert grey[0].startswith("Never quoted: ") and "Ports of the world" in grey[1]
    assert article.info.sha256 in page


def test_twenty_thousand_words_are_rendered_whole() -> None:
    line = "The council of Cork approved a new bridge over the river Lee on Tuesday evening. "
    text = "\n".join([line * 3, "Read more: Bridges"] * 450)
    assert len(text.split()) > 20_000
    article = made_article("long", text, masked=r"Read more: Bridges")
    page = render.reading(EN, article, None, editable=True)
    assert page.count("new bridge over") == 450 * 3


def test_why_words_are_masked_and_dates_believed_is_said_in_both_languages() -> None:
    source = (CORPUS / "clean.py").read_text()
    reasons = {rule.reason for rule in rules()}
    reasons |= set(re.findall(r'\.reason(?:, \w+)? = "([a-z ]+)"', source))
    assert {"tags", "title", "front matter"} <= reasons
    assert {f"mask_{reason.replace(' ', '_')}" for reason in reasons} <= CATALOGUE.keys()
    dated = set(
        re.findall(r'"(?:stated|inferred)", "([^"]+)"', (CORPUS / "published.py").read_text())
    )
    dated |= set(re.findall(r'"inferred", "([^"]+)"', (CORPUS / "formats.py").read_text()))
    assert len(dated) > 5
    assert {f"dated_{reason.replace(' ', '_')}" for reason in dated} <= CATALOGUE.keys()


def test_what_outsiders_wrote_is_shown_and_never_markup() -> None:
    storm = " ".join(ATTACKS)
    article = made_article(
        storm, f"{storm}\n\n{storm}\n", title=storm, outlet=storm,
        source="javascript:window.__xss=10", masked=r"\A.*\n",
    )  # fmt: skip
    info = article.info
    failed = (IngestFailure(storm, f"{storm} is empty: put text in it."),)
    pages = [
        render.reading(EN, article, info, editable=True),
        render.articles(
            EN,
            SimpleNamespace(rows=(Row(info, info),), offset=0, total=1),  # type: ignore[arg-type]
            editable=True,
            narrowed=False,
        ),
        render.removed(EN, info),
        render.note(EN, storm),
        render.news(EN, Adding(1, 2, storm)),
        render.news(EN, Added(1, failed=failed, problem=storm, articles=(info,))),
        render.bar(
            EN,
            SimpleNamespace(  # type: ignore[arg-type]
                outlets=((storm, 1),), languages=((storm, 1),), first=None, last=None, articles=1
            ),
            storm,
            Filters(source=storm, language=storm),
        ),
    ]
    for page in pages:
        read = _Markup.of(page)
        assert ATTACKS[0] in "".join(read.texts)
        assert read.tags <= {
            "a", "aside", "bdi", "button", "dd", "div", "dl", "dt", "form", "h1", "h2", "input",
            "label", "li", "ol", "option", "p", "progress", "section", "select", "span", "ul",
        }  # fmt: skip
        assert not any(name.startswith("on") or name in ("href", "src") for name in read.attributes)


def test_only_web_addresses_are_links() -> None:
    linked = made_article("a", "It rained in Cork on Friday.", source="https://example.org/a?b=<c>")
    filed = made_article("a", "It rained in Cork on Friday.", source="/srv/secret/a.txt")
    read = _Markup.of(render.reading(EN, linked, None, editable=False))
    assert read.attributes["href"] == {"https://example.org/a?b=<c>"}
    assert read.attributes["rel"] == {"noopener noreferrer"}
    page = render.reading(EN, filed, None, editable=False)
    assert "href" not in page and "secret" not in page and "a.txt" in page


def test_numbers_and_languages_are_written_as_people_do() -> None:
    assert render.number(EN, 123456) == "123,456"
    assert render.number(SV, 123456) == "123\u00a0456"
    assert (render.language(SV, "fi"), render.language(EN, "xx")) == ("finska", "xx")


class _Markup(HTMLParser):
    """The tags of a page, its attributes with their values, and its texts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, set[str | None]] = {}
        self.texts: list[str] = []

    @classmethod
    def of(cls, page: str) -> _Markup:
        made = cls()
        made.feed(page)
        return made

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
