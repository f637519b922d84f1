from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest

from rag.types import (
    Article,
    Evidence,
    EvidenceFound,
    EvidenceSet,
    Finished,
    Published,
    Statement,
    StatementAccepted,
)
from rag.ui import citable, render
from rag.ui.chat import Chat
from rag.ui.session import Exchange, Session
from rag.ui.strings import Strings
from tests.ui import scripted
from tests.ui.scripted import ATTACKED, ATTACKS, ScriptedBot

EN, SV = Strings("en"), Strings("sv")


class _Page(HTMLParser):
    """Elements with their attributes, and the text of elements by class."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "input":  # which has no end
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        name = self._open.pop()
        assert name == tag, "tags are nested"

    def handle_data(self, data: str) -> None:
        self.text += data


def _texts(html: str, tag: str, wanted: str) -> list[str]:
    """The text of each `tag` with the class `wanted`."""

    class Finder(HTMLParser):
        depth = 0
        found: list[str] = []  # noqa: RUF012 - one instance

        def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
            if self.depth:
                self.depth += name != "input"
            elif name == tag and wanted in (dict(attrs).get("class") or "").split():
                self.depth = 1
                self.found = [*self.found, ""]

        def handle_endtag(self, name: str) -> None:
            self.depth = max(0, self.depth - 1)

        def handle_data(self, data: str) -> None:
            if self.depth:
                self.found[-1] += data

    finder = Finder()
    finder.feed(html)
    return [" ".join(text.split()) for text in finder.found]


def _asked(bot: ScriptedBot, question: str) -> Exchange:
    exchange = Exchange(question)
    for event in bot.stream(question):
        exchange = exchange.after(event)
    return exchange


@pytest.fixture(scope="module")
def bot() -> ScriptedBot:
    return scripted.sample_bot()


def test_an_answer_shows_statements_marks_and_quotes(bot: ScriptedBot) -> None:
    x = _asked(bot, scripted.PHONE)
    assert x.answer is not None
    html = render.exchange(EN, x, 3)
    assert _texts(html, "button", "og-cite") == ["1", "2", "3"]
    words = _texts(html, "q", "og-words")
    assert words[:3] == [q.text for q in x.answer.quotes]
    assert len(words) == 4 and "1 more passage found, not quoted" in _Page(html).text
    assert _texts(html, "p", "og-statement")[0].endswith("on TRADE”.1")
    marks = [a for tag, a in _Page(html).elements if a.get("class") == "og-cite"]
    assert [(m["data-exchange"], m["data-quote"]) for m in marks] == [
        ("3", "q0"),
        ("3", "q1"),
        ("3", "q2"),
    ]
    assert "6 June 2025 inferred date" in " ".join(_texts(html, "span", "og-where"))
    assert "3 quotes from 2 articles" in " ".join(_texts(html, "p", "og-colophon"))


def test_marks_in_the_statement_are_kept_where_they_stand(bot: ScriptedBot) -> None:
    x = _asked(bot, scripted.PHONE)
    assert x.answer is not None
    first = x.answer.statements[0].model_copy(
        update={"text": "In [1994] he said [1] this, and [9] that.", "quotes": (1, 2)}
    )
    answer = x.answer.model_copy(update={"statements": (first,)})
    html = render.exchange(EN, x.after(Finished(answer)), 0)
    (shown,) = _texts(html, "p", "og-statement")
    assert shown.replace(" ", "") == "In[1994]hesaid1this,and[9]that.2"


def test_a_refusal_says_why_and_offers_the_nearest(bot: ScriptedBot) -> None:
    html = render.exchange(SV, _asked(bot, scripted.UNANSWERED_SV), 0)
    assert _texts(html, "div", "og-refusal") == [
        "Finns inte i artiklarna Artiklarna anger inget pris på neodym. Passagerna som ligger "
        "närmast lästes, och ingen av dem svarar på frågan."
    ]
    assert _texts(html, "div", "og-answer") == []
    assert _texts(html, "h3", "og-heading") == ["De närmaste passagerna, som inte svarar på frågan"]
    assert len(_texts(html, "q", "og-words")) == 1


def test_a_conflict_stands_side_by_side_with_its_sources(bot: ScriptedBot) -> None:
    html = render.exchange(EN, _asked(bot, scripted.RARE_EARTHS), 0)
    left, right = _texts(html, "div", "og-side")
    assert "90 per cent" in left and "Trade truce" in left and "27 October 2025" in left
    assert "86 per cent" in right and "SVT" in right and "23 April 2025 inferred date" in right


def test_a_conflict_is_told_in_its_box_alone(bot: ScriptedBot) -> None:
    x = _asked(bot, scripted.RARE_EARTHS)
    assert x.answer is not None
    told = Statement(text="The articles disagree: 90 and 86.", quotes=(1, 3))
    boxed = x.answer.conflicts[0].model_copy(update={"statement": 2})
    answer = x.answer.model_copy(
        update={"statements": (*x.answer.statements, told), "conflicts": (boxed,)}
    )
    html = render.exchange(EN, x.after(Finished(answer)), 0)
    page = _Page(html)
    assert _texts(html, "p", "og-kicker")[0] == "The articles disagree"
    assert told.text not in page.text


def test_a_partial_answer_names_what_is_not_answered(bot: ScriptedBot) -> None:
    x = _asked(bot, scripted.PHONE)
    assert x.answer is not None
    answer = x.answer.model_copy(
        update={"status": "partial", "unanswered": ("The articles don't say: who <b>paid</b>?",)}
    )
    html = render.exchange(SV, x.after(Finished(answer)), 0)
    assert _texts(html, "p", "og-note") == ["The articles don't say: who <b>paid</b>?"]


def test_what_was_removed_is_counted_with_its_reason(bot: ScriptedBot) -> None:
    html = render.exchange(EN, _asked(bot, scripted.RARE_EARTHS), 0)
    assert _texts(html, "details", "og-removed") == [
        "1 statement removed: 80 per cent is not in its quote "
        "Australia refines 80 per cent of the rest."
    ]


def test_a_translation_is_marked_as_not_verbatim(bot: ScriptedBot) -> None:
    html = render.exchange(EN, _asked(bot, scripted.RARE_EARTHS), 0)
    (translation,) = _texts(html, "span", "og-translation")
    assert translation.startswith("Translation, not verbatim This applies")


def test_the_rewritten_question_shows_only_when_it_differs(bot: ScriptedBot) -> None:
    html = render.exchange(EN, _asked(bot, scripted.FOLLOW_UP), 0)
    assert _texts(html, "p", "og-understood") == [
        "Understood as What did China say about the phone call between Trump and Xi? Rephrase"
    ]
    same = render.exchange(EN, _asked(bot, scripted.PHONE), 0)
    assert _texts(same, "p", "og-understood") == []


def test_numbers_while_running_are_those_of_the_finished_answer(bot: ScriptedBot) -> None:
    x = Exchange(scripted.RARE_EARTHS)
    running = []
    for event in bot.stream(scripted.RARE_EARTHS):
        x = x.after(event)
        if isinstance(event, EvidenceFound):
            assert all(c.n is None for c in citable.of_exchange(x))
        if isinstance(event, StatementAccepted):
            running.append({c.text: c.n for c in citable.of_exchange(x) if c.n})
    final = {c.text: c.n for c in citable.of_exchange(x)}
    assert [len(numbers) for numbers in running] == [1, 2]
    assert all(numbers.items() <= final.items() for numbers in running)


def test_an_article_shows_the_exact_words_highlighted(bot: ScriptedBot) -> None:
    x = _asked(bot, scripted.PHONE)
    items = citable.of_exchange(x)
    article = bot.store.article(scripted.CALL)
    same = [c for c in items if c.article_id == scripted.CALL]
    html = render.article(EN, article, same[1], same, 0)
    page = _Page(html)
    assert _texts(html, "mark", "og-current") == [same[1].text]
    assert _texts(html, "mark", "og-other") == [same[0].text]
    assert _texts(html, "span", "og-masked") == [same[0].title, "Related posts"]
    assert f"characters {same[1].start}–{same[1].end}" in page.text


def test_why_words_are_never_quoted_is_told_in_the_pages_language(bot: ScriptedBot) -> None:
    c = citable.of_exchange(_asked(bot, scripted.PHONE))[0]
    article = bot.store.article(scripted.CALL)
    assert article is not None
    known, own = (
        replace(article, masks=tuple(replace(m, reason=reason) for m in article.masks))
        for reason in ("link to more", "<b>an own reason</b>")
    )

    def titles(shown: Article) -> set[str | None]:
        elements = _Page(render.article(SV, shown, c, [c], 0)).elements
        return {a.get("title") for _, a in elements if a.get("class") == "og-masked"}

    assert titles(known) == {"Citeras aldrig: en länk till mer"}
    assert titles(own) == {"Citeras aldrig: <b>an own reason</b>"}


@pytest.mark.parametrize("gone", [True, False])
def test_an_article_that_is_gone_or_changed_is_said_to_be(bot: ScriptedBot, gone: bool) -> None:
    c = citable.of_exchange(_asked(bot, scripted.FOLLOW_UP))[0]
    now = None if gone else scripted.made_article(c.article_id, "Other words.", outlet="CNN")
    html = render.article(EN, now, c, [c], 0)
    said = "no longer in the collection" if gone else "has changed since"
    assert said in _Page(html).text
    assert "Other words." not in html
    assert _texts(html, "mark", "og-current") == [c.text]


def test_the_article_tells_how_its_date_was_inferred_and_hides_the_servers_folders() -> None:
    article = scripted.made_article(
        "a",
        "Some words.",
        source="/home/someone/a.txt",
        published=Published(date(2025, 6, 5), "inferred", "It says Thursday."),
    )
    x = Exchange("q", evidence=(scripted.evidence(article, "Some", 1),))
    text = _Page(render.article(EN, article, *_first(x), 0)).text
    assert "5 June 2025 inferred date · a.txt" in " ".join(text.split())
    assert "It says Thursday." in text
    assert "someone" not in text


def test_what_has_no_date_and_what_states_its_date_are_told_apart() -> None:
    def dated(published: Published) -> str:
        article = scripted.made_article("a", "Some words.", published=published)
        x = Exchange("q", evidence=(scripted.evidence(article, "Some", 1),))
        return " ".join(_texts(render.exchange(EN, x, 0), "span", "og-where"))

    assert dated(Published()) == "a.txt · undated"
    assert dated(Published(date(2025, 6, 5), "stated")) == "a.txt · 5 June 2025"


def test_the_home_page_offers_examples_or_tells_how_to_ingest() -> None:
    full = render.home(SV, 5, {"en": ["Why?"], "sv": ["Varför?"]}, "/data")
    assert [a["data-question"] for tag, a in _Page(full).elements if tag == "button"] == [
        "Varför?",
        "Why?",
    ]
    empty = render.home(EN, 0, {"en": ["Why?"]}, "/data <x>")
    assert "ordagrant ingest PATH… --data /data <x>" in _Page(empty).text
    assert "<button" not in empty


_ALLOWED = render.TAGS


def _harmless(html: str) -> None:
    for tag, attributes in _Page(html).elements:
        assert tag in _ALLOWED
        for name, value in attributes.items():
            assert name != "id" or re.fullmatch(r"og-\d+-[qe]\d+", value or ""), value
            assert not name.startswith("on"), (tag, name)
            assert name not in ("style", "src", "srcdoc", "srcset", "action", "formaction")
            if name == "href":
                assert value is not None and value.startswith(("http://", "https://"))


def test_attack_strings_are_text_everywhere() -> None:
    bot = scripted.attacked_bot()
    x = _asked(bot, ATTACKED)
    exchange = render.exchange(EN, x, 0)
    opened = Chat(bot, _settings()).open(Session((x,)), "0", "q0", EN)
    assert opened is not None
    for html in (exchange, opened, render.home(EN, 1, {"en": ATTACKS}, ATTACKS[0])):
        _harmless(html)
        text = _Page(html).text
        for attack in ATTACKS[:1] if html.startswith('<section class="og-home') else ATTACKS:
            assert attack in text, attack
    assert x.answer is not None
    (marked,) = _texts(opened, "mark", "og-current")
    assert marked == " ".join(x.answer.quotes[0].text.split())


def test_cleaning_drops_what_no_template_writes() -> None:
    assert render.clean("<p onclick=x>a<img src=x onerror=y><script>z</script></p>") == "<p>a</p>"
    assert 'href="javascript' not in render.clean("<a href='javascript:x'>a</a>")


def test_only_web_addresses_are_linked() -> None:
    def linked(source: str) -> list[str | None]:
        article = scripted.made_article("a", "Some words.", source=source)
        item = scripted.evidence(article, "Some", 1)
        found = EvidenceFound("q", EvidenceSet((item,), 1, True))
        x = Exchange("q").after(found)
        html = render.article(EN, article, *_first(x), 0)
        return [a.get("href") for tag, a in _Page(html).elements if tag == "a"]

    assert linked("https://svt.se/a?b=c") == ["https://svt.se/a?b=c"]
    assert linked("http://[broken") == []
    assert linked("javascript:alert(1)") == []
    assert linked("data:text/html,x") == []
    assert linked("folder/file.txt") == []


def _first(x: Exchange) -> tuple[citable.Citable, list[citable.Citable]]:
    items = list(citable.of_exchange(x))
    return items[0], items


def _settings():  # type: ignore[no-untyped-def]
    from rag.settings import Settings

    return Settings()


def test_who_says_it_falls_back_from_outlet_to_title_to_address() -> None:
    def name(**described: str) -> str:
        article = scripted.made_article("a", "Some words.", **described)  # type: ignore[arg-type]
        item: Evidence = scripted.evidence(article, "Some", 1)
        return citable.of_exchange(Exchange("q", evidence=(item,)))[0].name

    assert name(outlet="SVT", title="T") == "SVT"
    assert name(title="T", source="https://www.svt.se/x") == "T"
    assert name(source="https://www.svt.se/x") == "svt.se"
    assert name(source="/a/b/c.txt") == "c.txt"
