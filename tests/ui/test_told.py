"""What is told beside an answer: dates, witnesses, age, changes, verdicts, what can be done."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from rag.types import Change, Filters, Finished, Published, Quote, Statement, Step
from rag.ui import citable, render, told
from rag.ui.session import Exchange
from rag.ui.strings import Strings
from tests.ui import scripted
from tests.ui.scripted import ATTACKS, ScriptedBot
from tests.ui.test_render import _asked, _harmless, _Page, _texts

EN, SV = Strings("en"), Strings("sv")


@pytest.fixture(scope="module")
def bot() -> ScriptedBot:
    return scripted.sample_bot()


def _with(x: Exchange, **changed: object) -> Exchange:
    assert x.answer is not None
    return x.after(Finished(x.answer.model_copy(update=changed)))


def _quotes(x: Exchange, **changed: object) -> tuple[Quote, ...]:
    """The answer's quotes, the last with other values."""
    assert x.answer is not None
    *rest, last = x.answer.quotes
    return (*rest, last.model_copy(update=changed))


def _buttons(html: str, act: str) -> list[dict[str, str | None]]:
    return [a for tag, a in _Page(html).elements if tag == "button" and a.get("data-act") == act]


def test_each_statement_shows_who_says_it_and_when(bot: ScriptedBot) -> None:
    x = _asked(bot, scripted.RARE_EARTHS)
    assert x.answer is not None
    both = Statement(text="China refines most.", quotes=(1, 3))
    shown = _texts(
        render.exchange(EN, _with(x, statements=(both, *x.answer.statements[1:])), 0),
        "span", "og-origin",
    )  # fmt: skip
    assert "Trade truce" in shown[0] and "SVT" in shown[0]
    assert shown[0].endswith("23 April – 27 October 2025 inferred date")
    assert "27 October 2025 inferred date" in shown[1] and "23 April" not in shown[1]


def test_whose_a_quotation_is_stands_under_it_and_not_before_it_too(bot: ScriptedBot) -> None:
    x = _asked(bot, scripted.RARE_EARTHS)
    assert x.answer is not None
    name = citable.of_exchange(x)[0].name
    words = f"{name}, 27 October 2025 (inferred date): “China refines most: “all”.”"
    one, two = (Statement(text=words, quotes=n) for n in ((1,), (1, 3)))
    html = render.exchange(EN, _with(x, statements=(one, two)), 0)
    alone, shared = _texts(html, "p", "og-statement")
    assert alone.startswith("“China refines most: “all”.”")
    assert shared.startswith(f"{name}, 27 October")
    assert name in _texts(html, "span", "og-origin")[0]


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2025-06-05", "2025-06-05", "5 June 2025"),
        ("2025-06-05", "2025-06-09", "5–9 June 2025"),
        ("2025-05-05", "2025-06-09", "5 May – 9 June 2025"),
        ("2024-06-05", "2025-06-05", "5 June 2024 – 5 June 2025"),
        ("2024", "spring", "2024–spring"),
    ],
)
def test_a_range_says_month_and_year_once(first: str, last: str, said: str) -> None:
    assert told.period(EN, first, last) == said


def test_dates_of_which_only_some_are_inferred_are_said_to_be_so(bot: ScriptedBot) -> None:
    x = _asked(bot, scripted.RARE_EARTHS)
    items = [citable.of_exchange(x)[0], replace(citable.of_exchange(x)[2], inferred=False)]
    assert told.origin(items).inferred == "some"
    assert told.origin(items[:1]).inferred == "all"
    assert told.origin([replace(items[0], published=None)]).undated


def test_near_identical_articles_are_one_witness_and_said_to_be(bot: ScriptedBot) -> None:
    x = _asked(bot, scripted.RARE_EARTHS)
    assert x.answer is not None
    same = _quotes(x, witness=x.answer.quotes[0].witness)
    both = Statement(text="China refines most.", quotes=(1, 3))
    html = render.exchange(EN, _with(x, quotes=same, statements=(both,)), 0)
    said = "2 articles, 1 witness: near-identical texts"
    assert said in _texts(html, "p", "og-colophon")[0]
    assert said in _texts(html, "span", "og-origin")[0]
    assert _texts(html, "span", "og-twin")[-1] == "Nearly the same text as 1"
    assert "witness" not in _Page(render.exchange(EN, x, 0)).text


def test_old_evidence_is_said_to_be_old_as_seen_from_the_day_of_asking(bot: ScriptedBot) -> None:
    x = _asked(bot, scripted.RARE_EARTHS)
    said = "The newest article quoted is from 27 October 2025"
    assert said in render.exchange(EN, x, 0, today=date(2025, 11, 27))
    assert said not in render.exchange(EN, x, 0, today=date(2025, 11, 26))
    assert "27 oktober 2025" in _texts(
        render.exchange(SV, x, 0, today=date(2026, 1, 1)), "span", "og-age"
    )[0]  # fmt: skip


def _changed(bot: ScriptedBot) -> Exchange:
    x = _asked(bot, scripted.TARIFFS)
    assert x.answer is not None
    steps = (
        Step(claim="now 30", quotes=(2,), published="2025-06-05", published_is="stated"),
        Step(claim="145 then", quotes=(1,), published="2025-04-23", published_is="inferred"),
    )
    tells = Statement(text="Senast: ”now 30”; tidigare: ”145 then”.", quotes=(1, 2))
    other = Statement(text="Det är 145 procent.", quotes=(1,))
    change = Change(about="Ändrat över tid", steps=steps)
    return _with(x, changes=(change,), statements=(other, tells))


def test_a_change_is_a_line_in_time_in_place_of_its_statement(bot: ScriptedBot) -> None:
    html = render.exchange(SV, _changed(bot), 0)
    before, after = _texts(html, "li", "og-step-of")
    assert before.startswith("23 april 2025 uppskattat datum 145 then") and "SVT" in before
    assert after.startswith("5 juni 2025") and "senast" in after and "now 30" in after
    assert _texts(html, "p", "og-statement") == ["Det är 145 procent.1"]
    # Its place among the answer's statements is still the one that is judged.
    rated = {(b["data-target"], b["data-index"]) for b in _buttons(html, "feedback")}
    assert ("statement", "1") in rated


def test_a_change_that_no_statement_tells_is_shown_all_the_same(bot: ScriptedBot) -> None:
    x = _changed(bot)
    assert x.answer is not None
    html = render.exchange(SV, _with(x, statements=x.answer.statements[:1]), 0)
    assert len(_texts(html, "li", "og-step-of")) == 2


def test_every_part_can_be_judged_and_shows_the_verdict_given(bot: ScriptedBot) -> None:
    x = _asked(bot, scripted.PHONE)
    given = {("statement", 1): "down", ("quote", 1): "up", ("answer", 0): "up"}
    buttons = _buttons(render.exchange(EN, x, 2, given), "feedback")
    places = {(b["data-target"], b["data-index"]) for b in buttons}
    assert places == {
        ("answer", "0"),
        *(("statement", str(i)) for i in range(3)),
        *(("quote", str(i)) for i in range(1, 4)),
    }
    pressed = {
        (b["data-target"], b["data-index"], b["data-verdict"])
        for b in buttons
        if b["aria-pressed"] == "true"
    }
    assert pressed == {("statement", "1", "down"), ("quote", "1", "up"), ("answer", "0", "up")}
    assert {b["data-exchange"] for b in buttons} == {"2"}
    assert _buttons(render.exchange(EN, Exchange("q"), 0), "feedback") == []


def test_the_reasons_of_a_thumb_down_wait_in_the_page(bot: ScriptedBot) -> None:
    page = _Page(render.exchange(EN, _asked(bot, scripted.PHONE), 0))
    reasons = [a["data-reason"] for _, a in page.elements if "data-reason" in a]
    assert reasons == list(render.REASONS)
    (hidden,) = [a for _, a in page.elements if a.get("class") == "og-reasons"]
    assert "hidden" in hidden


def test_what_can_be_done_with_an_answer(bot: ScriptedBot) -> None:
    x = _asked(bot, scripted.FOLLOW_UP)
    html = render.exchange(EN, x, 4)
    for act in ("retry", "edit", "rephrase", "copylink"):
        (button,) = _buttons(html, act)
        assert button["data-exchange"] == "4"
    (copied,) = [a["data-copy"] for _, a in _Page(html).elements if "data-copy" in a]
    assert x.answer is not None and copied is not None
    assert copied.startswith(scripted.FOLLOW_UP) and x.answer.quotes[0].text in copied
    running = render.exchange(EN, Exchange("Why?"), 0)
    assert "data-act" not in running
    stopped = render.exchange(EN, Exchange("Why?").stopped(), 0)
    assert _buttons(stopped, "retry") and not _buttons(stopped, "copylink")


def test_the_filters_of_a_question_are_shown(bot: ScriptedBot) -> None:
    x = replace(
        _asked(bot, scripted.PHONE),
        filters=Filters(date(2025, 1, 2), date(2025, 7, 1), "<b>SVT", "sv"),
    )
    assert _texts(render.exchange(EN, x, 0), "p", "og-only") == [
        "Only articles by “<b>SVT” · in Swedish · from 2 January 2025 · up to 1 July 2025"
    ]
    assert "og-only" not in render.exchange(EN, _asked(bot, scripted.PHONE), 0)


def test_a_number_is_described_by_the_words_of_its_quote(bot: ScriptedBot) -> None:
    x = _asked(bot, scripted.PHONE)
    page = _Page(render.exchange(EN, x, 1))
    ids = [a["id"] for _, a in page.elements if "id" in a]
    described = [a["aria-describedby"] for _, a in page.elements if "aria-describedby" in a]
    assert set(described) <= set(ids) and len(ids) == len(set(ids))


def test_cited_evidence_keeps_its_place_when_the_quotes_take_over(bot: ScriptedBot) -> None:
    x = Exchange(scripted.RARE_EARTHS)
    listed = []
    for event in bot.stream(scripted.RARE_EARTHS):
        x = x.after(event)
        listed.append(_texts(render.exchange(EN, x, 0), "q", "og-words"))
    one, two, final = listed[1], listed[2], listed[3]
    assert one[:1] == two[:1] == final[:1]
    assert two[:2] == final[:2]
    assert sorted(two) == sorted(final)  # what is not quoted stays, folded away


def test_a_quote_is_translated_into_the_answers_language_on_demand(bot: ScriptedBot) -> None:
    x = _with(_asked(bot, scripted.RARE_EARTHS), quotes=())
    assert citable.translated(x, "q0", _never) is None
    x = _asked(bot, scripted.RARE_EARTHS)
    x = _with(x, quotes=_quotes(x, translation=None))
    assert _buttons(render.exchange(EN, x, 0), "translate") == []
    (button,) = _buttons(render.exchange(EN, x, 0, translates=True), "translate")
    assert button["data-quote"] == "q2"
    asked = []

    def translate(*given: str) -> str:
        asked.append(given[1:])
        return ATTACKS[1]

    y = citable.translated(x, "q2", translate)
    assert y is not None and asked == [("sv", "en")]
    html = render.exchange(EN, y, 0, translates=True)
    assert _texts(html, "span", "og-translation") == [f"Translation, not verbatim {ATTACKS[1]}"]
    assert _buttons(html, "translate") == []
    _harmless(html)
    assert citable.translated(y, "q2", _never) is None  # it has one
    assert citable.translated(x, "q0", _never) is None  # it is English already
    assert citable.translated(x, "e0", _never) is None
    assert citable.translated(x, "q" * 9, _never) is None


def test_a_translation_that_cannot_be_stood_for_is_said_to_be_missing(bot: ScriptedBot) -> None:
    x = _asked(bot, scripted.RARE_EARTHS)
    y = citable.translated(_with(x, quotes=_quotes(x, translation=None)), "q2", lambda *_: None)
    assert y is not None
    html = render.exchange(SV, y, 0, translates=True)
    assert _texts(html, "span", "og-translation") == [
        "Ingen översättning kunde göras som behåller vad citatet säger."
    ]
    assert _buttons(html, "translate") == []


def _never(*given: str) -> str:
    raise AssertionError(given)


def test_what_was_removed_from_a_refusal_is_open_with_its_reasons(bot: ScriptedBot) -> None:
    x = _asked(bot, scripted.UNANSWERED)
    removed = _asked(bot, scripted.RARE_EARTHS).answer
    assert x.answer is not None and removed is not None and x.answer.refusal is not None
    why = x.answer.refusal.model_copy(update={"reason": "unverified"})
    html = render.exchange(EN, _with(x, refusal=why, removed=removed.removed), 0)
    (details,) = [a for tag, a in _Page(html).elements if a.get("class") == "og-removed"]
    assert "open" in details
    assert "none of them stood" in _texts(html, "div", "og-refusal")[0]


def test_attack_strings_are_text_in_changes_filters_and_open_parts() -> None:
    bot = scripted.attacked_bot()
    x = _asked(bot, scripted.ATTACKED)
    storm = " ".join(ATTACKS)
    step = Step(claim=storm, quotes=(1,), published=storm, published_is=None)
    x = _with(x, changes=(Change(about=storm, steps=(step, step)),), unanswered=(storm,))
    x = replace(x, filters=Filters(source=storm, language=ATTACKS[1]))
    html = render.exchange(EN, x, 0, {("answer", 0): storm}, translates=True)
    _harmless(html)
    assert all(attack in _Page(html).text for attack in ATTACKS)


def test_an_undated_statement_says_so() -> None:
    article = scripted.made_article("a", "Some words.", published=Published())
    item = scripted.evidence(article, "Some", 1)
    c = citable.of_exchange(Exchange("q", evidence=(item,)))[0]
    assert told.origin([c]).undated
    assert told.newest([c], date(2030, 1, 1)) is None
    assert told.newest([replace(c, published="soon")], date(2030, 1, 1)) is None


def test_a_verdict_on_a_near_passage_is_on_that_quote_of_the_answer(bot: ScriptedBot) -> None:
    x = _asked(bot, scripted.UNANSWERED)
    assert x.answer is not None and x.answer.refusal is not None
    second = x.answer.refusal.model_copy(update={"nearest": (2,)})
    buttons = _buttons(render.exchange(EN, _with(x, refusal=second), 0), "feedback")
    assert {b["data-index"] for b in buttons if b["data-target"] == "quote"} == {"2"}
