from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.corpus.clean import LINE_BREAK, find_masks
from rag.corpus.sentences import LONGEST, split_sentences
from rag.types import Mask

_BLANK = "\ufeff\u200b\u200c\u200d\u2060\u00ad"


def split(text: str, language: str = "en") -> list[str]:
    return [s.slice(text) for s in split_sentences(text, language)]


@pytest.mark.parametrize(
    "text",
    [
        # "|" marks where one sentence ends and the next begins.
        "Dr. Smith met Mr. Jones at 9 a.m. Tuesday.|They agreed.",
        "J. K. Rowling wrote it.|She told J.R.R. Tolkien nothing.",
        "The rate rose 0.01 per cent.|It is now 3.5 percent.",
        "See No. 5 for details.|No.|That is wrong.",
        "He lives in the U.S. and works there.|She moved to the U.S.|The reason is unclear.",
        "The U.S. Department of Justice declined.|So did Apple Inc.|The share fell.",
        "The U.S. Climate Alliance met at 8 p.m. ET on Sunday.|It adjourned.",
        "Gov. Rick Scott and Sen. Ted Cruz spoke.|The flag was red.|The crowd left.",
        "He met Xi.|The talks went well.",
        "“It is done,” said Xi.|“We agree.”|Trump left.",
        "“Will it hold?” asked Ms. Lee.|“Yes!” Trump said.|He smiled.",
        "“First we wait.|Then we act,” he said.",
        "He said “it is over.”|Then he left.",
        'She asked: "Why now?"|Nobody knew.',
        "“We will fight to the end.” – Chinese officials",
        "Well... maybe not.|He paused…|Then he went on.",
        "Wait . . . there is more.|Done.",
        "It rained (he was wet.)|Then it stopped.",
        "Sales of the iPhone rose.|iPhone sales fell later.",
        "On Jan. 5 he spoke.|On Sept. 11 she did.",
        "1. The first point is short.|It ends here.",
    ],
)
def test_english(text: str) -> None:
    assert split(text.replace("|", " ")) == text.split("|")


@pytest.mark.parametrize(
    "text",
    [
        "Det gäller t.ex. Volvo.|Bl.a. Saab följer.",
        "Mötet börjar kl. 10.30.|Han kom.",
        "Han vet det.|Hon vet inte.",
        "Prof. Anna Berg säger nej.|Det räcker.",
        "Det kostar 7 mkr.|Regeringen betalar.",
        "– Vi väntar.|Sedan får vi se, säger Lewin.",
        "”Nu räcker det!” säger hon.|Han tiger.",
        "USA:s s.k. tullar m.m. höjs.|Kina svarar.",
    ],
)
def test_swedish(text: str) -> None:
    assert split(text.replace("|", " "), "sv") == text.split("|")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The bank said.The rate stays put.", ["The bank said.", "The rate stays put."]),
        ("这是第一句。这是第二句！", ["这是第一句。", "这是第二句！"]),
        ("هل سيستمر؟ نعم.", ["هل سيستمر؟", "نعم."]),
    ],
)  # fmt: skip
def test_without_a_space_between(text: str, expected: list[str]) -> None:
    assert split(text) == expected


def test_other_languages_use_their_own_abbreviations() -> None:
    text = "Das gilt z.B. für Berlin. Dr. Meier stimmt zu."
    assert split(text, "de") == ["Das gilt z.B. für Berlin.", "Dr. Meier stimmt zu."]


def test_a_paragraph_ends_a_sentence_even_without_a_stop() -> None:
    assert split("No stop here\nNext line. End") == ["No stop here", "Next line.", "End"]


def test_hard_wrapped_lines_are_one_paragraph() -> None:
    words = (
        "The committee said that it would consider the proposal again in the spring. " * 9
    ).split()
    lines, line = [], ""
    for word in words:
        if len(line) + 1 + len(word) > 60:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    text = "\n".join([*lines, line]) + "\n\nA new paragraph."
    got = split(text)
    assert len(got) == 10
    assert [" ".join(s.split()) for s in got[:9]] == [" ".join(words[:13])] * 9


def test_a_mask_is_never_crossed() -> None:
    text = "He said that ADVERT it was over. Then he left."
    spans = split_sentences(text, "en", [Mask(13, 19, "advert")])
    assert [s.slice(text) for s in spans] == ["He said that", "it was over.", "Then he left."]


def test_an_endless_sentence_is_cut_at_clauses() -> None:
    text = ", ".join(f"clause number {i} goes on and on" for i in range(100)) + "."
    got = split(text)
    assert all(len(s) <= LONGEST for s in got)
    assert all(s.endswith(",") for s in got[:-1])


_TEXTS = st.text(
    alphabet=st.one_of(
        st.sampled_from(list(".!?…,:;–—-\"'“”’»«()[] \n\t\r\u200b\u2028\xa0")),
        st.characters(codec="utf-8"),
    ),
    max_size=300,
) | st.lists(
    st.sampled_from(
        ["Dr.", "U.S.", "t.ex.", "He", "said", "“No.", "end.”", "\n", "\n\n", "5", "–", "kl.",
         "Tags", "By Jane Doe", "Advertisement", "...", "Why?", "a" * 700, "x, " * 400]
    ),
    max_size=60,
).map(" ".join)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(_TEXTS, st.sampled_from(["en", "sv", "de", "xx"]))
def test_spans_are_ordered_trimmed_and_cover_all_visible_text(text: str, language: str) -> None:
    masks = find_masks(text)
    spans = split_sentences(text, language, masks)
    covered = [False] * len(text)
    at = 0
    for span in spans:
        assert at <= span.start < span.end <= len(text)
        piece = span.slice(text)
        assert piece == piece.strip()
        assert len(piece) <= LONGEST
        at = span.end
        covered[span.start : span.end] = [True] * len(span)
    for mask in masks:
        assert not any(covered[mask.start : mask.end])
        covered[mask.start : mask.end] = [True] * (mask.end - mask.start)
    missing = [c for c, done in zip(text, covered, strict=True) if not done]
    assert all(c.isspace() or c in _BLANK or LINE_BREAK.match(c) for c in missing)
