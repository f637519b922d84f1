"""The report as a page: safe with hostile text, whole, and readable without a mouse."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import eval.__main__ as door
from eval import html_report, report
from eval.cases import GoldCase
from eval.report_read import ResultFileError
from eval.runner import CaseResult, run_case
from rag.settings import Settings
from rag.types import Answer, Conflict, Removed, Side
from tests.eval.conftest import FLOUR, TEXTS, answer, case, gold, quote, refusal, text_of
from tests.eval.test_runner import FakeBot

HOSTILE = (
    "</script></style><script>window.hacked=1</script><img src=x onerror='window.hacked=2'>"
    '"><svg onload=window.hacked=3>{{ 7*7 }}<!-- \u202e'
)
PAGE_SECONDS = 120_000


def asked(gold_case: GoldCase, reply: Answer | Exception) -> CaseResult:
    return run_case(gold_case, FakeBot([reply]), text_of)


def document(results: list[CaseResult], **changed: Any) -> dict[str, Any]:
    """As it is read from the file that `run` writes."""
    data = report.document(
        results,
        cases="tiny",
        llm="none",
        settings=Settings(llm="none"),
        threshold={"en": 0.3, "sv": 0.4},
        selection={},
        probabilities={"t": 0.7},
        calibration=report.calibrated("e5-reader"),
    )
    return json.loads(json.dumps(data)) | changed


@pytest.fixture
def plain(flour: GoldCase, silent: GoldCase) -> dict[str, Any]:
    """A right answer, a wrong one, a right refusal, a crash."""
    other = GoldCase(case(id="closing", kind="date", accept=[["May"]], language="sv"), (), (), None)
    return document(
        [
            asked(flour, answer("It made 30 per cent [1]", [quote(1, "mill", FLOUR)])),
            asked(other, answer("1961 [1]", [quote(1, "mill", "The mill opened in 1961.")])),
            asked(silent, refusal()),
            asked(flour, ValueError("boom")),
        ]
    )


def hostile_document() -> dict[str, Any]:
    """Hostile text wherever an article, a question or an answer can put it."""
    bad = gold("mill", FLOUR)
    hostile = GoldCase(case(question=HOSTILE, accept=[[HOSTILE]]), ((bad,),), (), None)
    reply = answer(f"{HOSTILE} [1]", [quote(1, "mill", FLOUR, title=HOSTILE, outlet=HOSTILE)])
    reply = reply.model_copy(
        update={
            "standalone_question": HOSTILE + "?",
            "conflicts": (Conflict(about=HOSTILE, sides=(Side(claim=HOSTILE, quotes=(1,)),)),),
            "removed": (Removed(text=HOSTILE, reason=HOSTILE),),
        }
    )
    data = document([asked(hostile, reply), asked(hostile, ValueError(HOSTILE))])
    for row in data["results"]:
        row |= {"id": HOSTILE, "kind": HOSTILE, "language": HOSTILE, "tags": [HOSTILE]}
        row["history"] = [{"role": HOSTILE, "content": HOSTILE}]
        row["as_of"] = HOSTILE
    data["groups"]["kind"] = {HOSTILE: data["overall"]}
    data["settings"] = {HOSTILE: HOSTILE}
    return data | {"cases": HOSTILE, "llm": HOSTILE, "commit": HOSTILE, "finished": HOSTILE}


def hostile_text(article_id: str) -> str | None:
    text = TEXTS[article_id]
    return text[:25] + text[25 : 25 + len(FLOUR)] + HOSTILE + "\x00\x08" + text[25 + len(FLOUR) :]


@pytest.mark.browser
def test_hostile_text_is_text_in_a_real_browser(tmp_path: Path, chromium: Any) -> None:
    side = html_report.Side(stale=(HOSTILE,))
    page_file = html_report.write_html(
        tmp_path / "r.html", html_report.html(hostile_document(), hostile_text, side)
    )
    page, requests = chromium(page_file)
    assert page.evaluate("window.hacked") is None
    assert page.locator("script").count() == 1 and page.locator("img, svg[onload]").count() == 0
    assert [r for r in requests if r != page_file.as_uri()] == []
    heading = page.locator(".case h3").first
    assert heading.inner_text().startswith("</script></style><script>window.hacked=1")
    page.locator(".case summary").first.click()
    assert page.locator(".case mark.quoted").first.inner_text() == FLOUR
    assert "{{ 7*7 }}" in page.locator(".case .answer").first.inner_text()


@pytest.mark.browser
def test_the_filters_work_from_the_file_system(
    tmp_path: Path, chromium: Any, plain: dict[str, Any]
) -> None:
    page, _ = chromium(
        html_report.write_html(tmp_path / "r.html", html_report.html(plain, text_of))
    )
    shown = page.locator(".case:visible")
    count = page.locator(".count")
    assert shown.count() == 4 and count.inner_text() == "All 4 cases are shown."
    page.get_by_label("Outcome").select_option("wrong")
    assert shown.count() == 1 and "1 of 4" in count.inner_text()
    page.get_by_role("button", name="Clear").click()
    page.wait_for_function("document.querySelectorAll('.case:not([hidden])').length === 4")
    page.get_by_label("Words").fill("BOOM")
    assert [one.get_attribute("data-outcome") for one in shown.all()] == ["crashed"]
    page.get_by_label("Words").fill("")
    page.get_by_label("Language").select_option("sv")
    page.get_by_role("button", name="Open or close all").click()
    assert page.locator(".case[open]").count() == 1
    page.evaluate("location.hash = 'case-1'")  # a link to a hidden case shows and opens it
    page.wait_for_selector("#case-1[open]")


@pytest.fixture(scope="module")
def launched() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    from tests.ui.conftest import ARGUMENTS, CHROMIUM

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def chromium(launched: Any) -> Iterator[Callable[[Path], tuple[Any, list[str]]]]:
    """Opens a file; gives the page and the list of what it requested. A complaint of the page's
    own (an error, a breach of its content security policy) fails the test."""
    contexts = []
    complaints: list[str] = []

    def visit(path: Path) -> tuple[Any, list[str]]:
        context = launched.new_context()
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PAGE_SECONDS)
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(path.as_uri())
        return page, requests

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


def test_the_page_asks_for_nothing_from_anywhere(plain: dict[str, Any]) -> None:
    page = html_report.html(plain, text_of)
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!#)""", page)
    assert "url(" not in page and "@import" not in page


def test_the_policy_allows_the_one_script_by_its_hash(plain: dict[str, Any]) -> None:
    page = html_report.html(plain, text_of)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page and "default-src 'none'" in page


def test_the_answer_is_shown_in_its_article_with_what_was_expected(plain: dict[str, Any]) -> None:
    page = html_report.html(plain, text_of)
    assert (
        '<mark class="quoted wanted">It made 30 per cent of the county&#39;s flour.</mark>' in page
    )
    assert "The mill opened in 1961. " in page and "It says “30 %”." in page
    assert "Does not say May." in page and "Crashed: ValueError: boom." in page


def test_a_faithful_bot_that_refuses_everything_is_not_praised(flour: GoldCase) -> None:
    """Exactness never stands without answer rate and match, in the lead as in the table."""
    page = html_report.html(document([asked(flour, refusal())]), text_of)
    lead = re.search(r'<p class="lead">(.*?)</p>', page, re.S)
    assert lead is not None and "0% were answered and 0% rightly" in lead[1]
    for label in ("Quotes exact", "Answer rate", "Answer match", "Refusal recall"):
        assert f'<th scope="row" class="name">{label}</th>' in page


def test_what_must_be_known_first_stands_on_the_front_page(plain: dict[str, Any]) -> None:
    plain["results"][0]["review"] = "unreviewed"
    plain["dirty"] = True
    page = html_report.html(plain, text_of)
    front = page[: page.index('id="main"')]
    assert "1 case crashed and is in no figure: flour." in front
    assert "1 case drafted by a machine" in front and "differed from its commit" in front
    assert "4 cases are too few" in front


MUTATIONS = {
    "finished": "9999",
    "planted": {"number": {"all": 4}, "added_claim": {"all": 0}},
    "watchers": [{"name": "suite", "type": "suite"}, {"name": "verifier", "type": "judge"}],
    "caught": [
        {"by": by, "type": "x", "fault": "number", "language": "all", "value": value, "low": 0.2,
         "high": 0.9, "n": 4}
        for by, value in (("suite", 0.75), ("verifier", 0.5))
    ],
    "alarms": [
        {"by": "suite", "type": "suite", "language": "all", "value": 0.1, "low": 0, "high": 0.3,
         "n": 10}
    ],
    "aims": {"caught": 0.95, "alarms": 0.03},
    "mutations": [
        {"case": "flour", "fault": "number", "where": "statement 1", "before": "30 per cent",
         "after": "<b>31</b> per cent", "missed_by": missed}
        for missed in (["suite"], [])
    ],
    "blind": ["The suite misses 1 of 4 planted faults of the kind “number” (25%)."],
}  # fmt: skip


def beside(tmp_path: Path, plain: dict[str, Any], what: str, data: object) -> Path:
    result = tmp_path / "r.json"
    result.write_text(json.dumps(plain), "utf-8")
    (tmp_path / f"r.{what}.json").write_text(json.dumps(data), "utf-8")
    return result


def test_planted_faults_that_are_missed_are_on_the_front_page(
    tmp_path: Path, plain: dict[str, Any]
) -> None:
    result = beside(tmp_path, plain, "mutations", MUTATIONS)
    page = html_report.html(plain, text_of, html_report.read_side(result, plain))
    assert "The suite misses 1 of 4" in page[: page.index('id="main"')]
    assert '<th scope="row">number</th><td class="value">75%</td>' in page
    assert "What nothing noticed (1)" in page and "&lt;b&gt;31&lt;/b&gt; per cent" in page


def test_judges_stand_beside_their_own_record(tmp_path: Path, plain: dict[str, Any]) -> None:
    figure = {"value": 0.9, "low": 0.8, "high": 1.0, "n": 30}
    record = {"set": "frank", "labels": "h", "seen": False, "balanced": figure | {"value": 0.71}}
    judged = {
        "finished": "9999",
        "beside": {"answer_rate": figure},
        "judges": [
            {
                "name": "verifier",
                "repeats": 1,
                "aspects": {"faithfulness": figure | {"unjudged": 0, "spread": None}},
                "against_people": {"faithfulness": [record]},
            }
        ],
        "items": [
            {
                "case": "flour",
                "aspect": "faithfulness",
                "text": "<i>It</i>",
                "verdicts": {"verifier": {"holds": False}},
            }
        ],
    }
    result = beside(tmp_path, plain, "judged", judged)
    page = html_report.html(plain, text_of, html_report.read_side(result, plain))
    assert "frank 71%" in page and "Answer rate 90%" in page
    assert "verifier: not borne out by its quotes: &lt;i&gt;It&lt;/i&gt;" in page


def test_what_is_older_than_the_result_is_left_out(tmp_path: Path, plain: dict[str, Any]) -> None:
    result = beside(tmp_path, plain, "mutations", MUTATIONS | {"finished": "1999"})
    side = html_report.read_side(result, plain)
    assert side.mutations is None and side.stale == ("r.mutations.json",)
    assert "r.mutations.json is older" in html_report.html(plain, text_of, side)


@pytest.mark.parametrize("data", [[], {"finished": "9999"}])
def test_damaged_files_beside_it_are_named(
    tmp_path: Path, plain: dict[str, Any], data: object
) -> None:
    result = beside(tmp_path, plain, "mutations", data)
    with pytest.raises(ResultFileError, match="damaged"):
        html_report.html(plain, text_of, html_report.read_side(result, plain))


def test_without_the_articles_quotes_stand_alone(plain: dict[str, Any]) -> None:
    page = html_report.html(plain, lambda _: None)
    assert "It made 30 per cent of the county&#39;s flour." in page
    assert "was not at hand" in page


def test_report_makes_the_page_anew_for_older_results(tmp_path: Path) -> None:
    """A document of schema 1 has no parts, groups of its own, history or review."""
    flour = GoldCase(case(), ((gold("mill", FLOUR),),), (), "en->en")
    data = document([asked(flour, answer("30 % [1]", [quote(1, "mill", FLOUR)]))], schema=1)
    for key in ("parity", "calibration"):
        del data[key]
    for row in data["results"]:
        for key in ("parts", "history", "as_of", "review", "tags", "probability"):
            del row[key]
        for key in ("reference", "attribution", "conflict", "also"):
            del row["expected"][key]
    result = tmp_path / "old.json"
    result.write_text(json.dumps(data), "utf-8")
    assert door.main(["report", str(result)]) == 0
    assert "How much flour?" in (tmp_path / "old.html").read_text("utf-8")


def test_report_of_what_is_no_result_is_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.json").write_text("{}")
    assert door.main(["report", str(tmp_path / "x.json")]) == 2
    assert "is not a result" in capsys.readouterr().err
