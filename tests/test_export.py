from __future__ import annotations

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from rag.export import VERSION, as_json, as_markdown
from rag.markdown import blockquote, code, inline
from rag.store.conversations import StoredExchange
from rag.types import (
    Answer,
    Change,
    Conflict,
    Quote,
    Refusal,
    Removed,
    Side,
    Statement,
    Step,
)

NASTY = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "<https://evil.example>",
    "[a]: https://evil.example",
    "https://evil.example/a_b*c*",
    "(www.evil.example).",
    "mail ann@evil.example, now",
    "&lt;b&gt; &amp; &#60;",
    "`code` ``` fence",
    "*bold* _it_ ~~gone~~ $x$ | a | b |",
    "# heading #",
    "1. one",
    "2) two",
    "- item",
    "+ item",
    "> quoted",
    "===",
    "---",
    "***",
    "    four spaces",
    "\ttab",
    "a\n\nb\n    c\n===\n- d\n1. e\n# f\n> g",
    "a\rb\r\nc",
    "ends with \\",
    "back\\`tick",
    "http://a`b`",
    "Kostnaden blev 2,5 procent – ”för mycket”.",
)
# Controls are shown by no renderer as they are; \r, \n and \t are.
TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")) | st.sampled_from("\n\r\t")
)
MARKED = st.lists(
    st.sampled_from([*"\\`*_{}[]()#+-.!|~$^&<>=:;@/ \n\t\"'1a", "http://", "www.", "a.b", "&lt;"]),
    max_size=12,
).map("".join)


def parsed(markdown: str) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)


def flat(tokens: list[Token]) -> list[Token]:
    return [inner for token in tokens for inner in (token, *(token.children or ()))]


def shown(tokens: list[Token]) -> str:
    """The words a reader sees, spaces made single."""
    seen = [
        t.content if t.type in ("text", "code_inline", "text_special") else " "
        for t in flat(tokens)
    ]
    return " ".join("".join(seen).split())


ALLOWED = {"inline", "text", "text_special", "code_inline", "softbreak", "hardbreak",
           "paragraph_open", "paragraph_close"}  # fmt: skip


@pytest.mark.parametrize("said", NASTY)
def test_attack_strings_show_as_themselves(said: str) -> None:
    check_shown(said)


@given(TEXT | MARKED)
@example("a]: b")
def test_any_text_shows_as_itself(said: str) -> None:
    check_shown(said)


def check_shown(said: str) -> None:
    words = " ".join(said.split())
    tokens = parsed(inline(said))
    assert shown(tokens) == words
    assert {t.type for t in flat(tokens)} <= ALLOWED

    tokens = parsed(blockquote(said))
    inside = {"blockquote_open", "blockquote_close"}
    assert shown(tokens) == words
    assert {t.type for t in flat(tokens)} <= ALLOWED | inside
    assert [t.type for t in tokens].count("blockquote_open") == 1
    assert tokens[-1].type == "blockquote_close"

    assert shown(parsed(code(said))) == words


@pytest.mark.parametrize(
    "linkish", ["https://a.example/x", "www.a.example", "ann@a.example", "@ann", "HTTP://A"]
)
def test_what_a_renderer_may_link_is_a_code_span(linkish: str) -> None:
    """Also by renderers that go beyond CommonMark, so their rules are not relied on."""
    assert inline(f"see ({linkish}), please") == f"see (`{linkish}`), please"


def test_lines_of_a_quote_are_kept() -> None:
    tokens = flat(parsed(blockquote("one\ntwo\n\nthree")))
    assert [t.type for t in tokens].count("hardbreak") == 1
    assert [t.type for t in tokens].count("paragraph_open") == 2


def quote(n: int, **about: object) -> Quote:
    values = {
        "n": n,
        "article_id": "ferry",
        "source": "/srv/secret/news/ferry.txt",
        "outlet": "SVT",
        "title": "The *ferry*",
        "published": "2025-04-22",
        "published_is": "inferred",
        "language": "en",
        "start": 10,
        "end": 22,
        "text": "It <b>sank</b>.",
        "article_sha256": "ab" * 32,
    }
    return Quote.model_validate(values | about)


def answered() -> StoredExchange:
    answer = Answer(
        question="And then?",
        standalone_question="What happened to the ferry?",
        language="en",
        status="partial",
        answer="It sank. [1] It was old. [2]",
        statements=(
            Statement(text="It sank.", quotes=(1,)),
            Statement(text="It was old.", quotes=(1, 2)),
        ),
        quotes=(
            quote(1),
            quote(2, source="https://x.example/a?b=1", outlet=None, title=None, published=None,
                  published_is=None, translation="Det sjönk."),
        ),
        conflicts=(
            Conflict(about="how many", sides=(
                Side(claim="412 were aboard", quotes=(1,)),
                Side(claim="413 were aboard", quotes=(2,)),
            )),
        ),
        changes=(
            Change(about="the count", steps=(
                Step(claim="400", quotes=(1,), published="2025-04-21", published_is="stated"),
                Step(claim="412", quotes=(2,), published="2025-04-22", published_is="inferred"),
            )),
        ),
        unanswered=("The articles do not say who steered.",),
        removed=(Removed(text="80 per cent drowned.", reason="80 per cent is not in its quote."),),
        llm="none",
        trace_id="t1",
    )  # fmt: skip
    return StoredExchange(0, "And then?", "What happened to the ferry?", answer, None, False)


def refused() -> StoredExchange:
    answer = Answer(
        question="Why?",
        standalone_question="Why?",
        language="en",
        status="refused",
        answer="The articles do not say.",
        quotes=(quote(1),),
        refusal=Refusal(reason="no_evidence", nearest=(1,)),
        llm="none",
        trace_id="t2",
    )
    return StoredExchange(1, "Why?", None, answer, None, False)


STOPPED = StoredExchange(2, "What else?", None, None, "The model is <gone>.", True)


def test_markdown_tells_all_of_a_conversation() -> None:
    told = as_markdown("Ferries & more", [answered(), refused(), STOPPED], "en")
    for line in (
        "# Ferries &amp; more",
        "## 1. And then?",
        "**Understood as:** What happened to the ferry?",
        "- It sank. \\[1\\]",
        "- It was old. \\[1\\] \\[2\\]",
        "- The articles do not say who steered.",
        "- 412 were aboard \\[1\\] (SVT, 2025-04-22 (inferred date))",
        "- 413 were aboard \\[2\\] (`https://x.example/a?b=1`, undated)",
        "- 2025-04-21: 400 \\[1\\]",
        "- 2025-04-22 (inferred date): 412 \\[2\\]",
        "- “80 per cent drowned.” – 80 per cent is not in its quote.",
        "**\\[1\\]** SVT, “The \\*ferry\\*”, 2025-04-22 (inferred date)",
        "> It &lt;b&gt;sank&lt;/b&gt;.",
        f"`ferry.txt`, characters 10–22 of `ferry`, SHA-256 `{'ab' * 32}`",
        "*Translation, not verbatim:* Det sjönk.",
        "## 2. Why?",
        "**Not answered:** The articles do not say. (the passages that come nearest do not answer "
        "the question)",
        "### The nearest passages, which do not answer it",
        "**No answer:** The model is &lt;gone&gt;.",
        "*Stopped before the answer was finished.*",
    ):
        assert line in told.splitlines(), line
    assert told.count("Understood as") == 1
    assert "secret" not in told
    kinds = {token.type for token in flat(parsed(told))}
    assert not kinds & {"html_block", "html_inline", "link_open", "image"}


def test_headings_are_swedish_for_swedes() -> None:
    told = as_markdown("", [answered(), refused()], "sv")
    assert told.startswith("# Samtal\n")
    for words in ("Tolkad som", "Artiklarna går isär", "Borttagna påståenden", "### Citat",
                  "uppskattat datum", "Inte besvarad", "tecken 10–22 i"):  # fmt: skip
        assert words in told
    assert "It &lt;b&gt;sank&lt;/b&gt;." in told  # a quote is translated by nobody
    headings = re.findall(r"^### (.*)$", as_markdown("", [answered(), refused()], "en"), re.M)
    assert not set(headings) & set(re.findall(r"^### (.*)$", told, re.M))


def test_hostile_text_everywhere_stays_text() -> None:
    for nasty in NASTY:
        one = quote(1, text=nasty, title=nasty, outlet=nasty, source=nasty, article_id=nasty,
                    translation=nasty)  # fmt: skip
        answer = Answer(
            question=nasty, standalone_question=nasty + "?", language="en", status="answered",
            answer=nasty, statements=(Statement(text=nasty, quotes=(1,)),), quotes=(one,),
            conflicts=(Conflict(about=nasty, sides=(Side(claim=nasty, quotes=(1,)),)),),
            unanswered=(nasty,), removed=(Removed(text=nasty, reason=nasty),), llm="none",
            trace_id="t",
        )  # fmt: skip
        told = as_markdown(nasty, [StoredExchange(0, nasty, None, answer, nasty, False)], "en")
        kinds = [token.type for token in flat(parsed(told))]
        unwanted = {"html_block", "html_inline", "link_open", "image", "fence", "code_block", "hr",
                  "table_open", "ordered_list_open", "s_open"}  # fmt: skip
        assert not unwanted & set(kinds), nasty
        assert kinds.count("blockquote_open") == 1
        assert kinds.count("heading_open") == 2 + 4


def test_json_holds_the_answer_objects() -> None:
    exchange = answered()
    told = json.loads(as_json("T", [exchange, STOPPED], "sv"))
    assert (told["version"], told["title"], told["language"]) == (VERSION, "T", "sv")
    first, second = told["exchanges"]
    assert first["standalone_question"] == "What happened to the ferry?"
    assert [q["source"] for q in first["answer"]["quotes"]] == [
        "ferry.txt",
        "https://x.example/a?b=1",
    ]
    again = Answer.model_validate_json(json.dumps(first["answer"]))
    assert exchange.answer is not None
    assert again.statements == exchange.answer.statements
    assert again.quotes[1] == exchange.answer.quotes[1]
    assert (again.quotes[0].start, again.quotes[0].end) == (10, 22)
    assert (second["problem"], second["stopped"], second["answer"]) == (STOPPED.problem, True, None)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("/srv/news/a.txt", "a.txt"),
        ("C:\\news\\a.txt", "a.txt"),
        ("file:///srv/news/a.txt", "a.txt"),
        ("/srv/news/", "news"),
        ("/", "?"),
        ("HTTPS://x.example/a/b", "HTTPS://x.example/a/b"),
        ("javascript:alert(1)", "javascript:alert(1)"),
    ],
)
def test_no_folder_of_the_server_is_told(source: str, told: str) -> None:
    answer = answered().answer
    assert answer is not None
    changed = answer.model_copy(update={"quotes": (quote(1, source=source),)})
    exchange = StoredExchange(0, "q", None, changed, None, False)
    found = json.loads(as_json("T", [exchange], "en"))
    assert found["exchanges"][0]["answer"]["quotes"][0]["source"] == told
    assert f"`{told}`, characters" in as_markdown("T", [exchange], "en")


def test_an_empty_conversation() -> None:
    assert as_markdown("", [], "en").startswith("# Conversation\n\nEvery quote")
    assert json.loads(as_json("", [], "en"))["exchanges"] == []
