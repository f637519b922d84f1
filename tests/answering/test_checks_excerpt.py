"""Which sentences of a long text the reader gets to see."""

from __future__ import annotations

from rag.answering.checks.case import read
from rag.answering.checks.excerpt import MOST_CHARS, excerpt, titled

FILLER = [f"The weather on day {i} was mild in the hills and in the valleys." for i in range(40)]
SAID = "Karin Berg leads the bank."
LATER = "The bank of Lund cut its rate in June."
ARTICLE = " ".join([SAID, *FILLER, LATER])


def test_a_short_text_is_shown_whole() -> None:
    assert excerpt(read(SAID), read(f"{SAID}  {LATER}")) == f"{SAID} {LATER}"


def test_of_a_long_text_what_says_most_is_shown_wherever_it_stands() -> None:
    statement = read("Karin Berg, who leads the bank, cut the rate in June.")
    assert excerpt(statement, read(ARTICLE)) == f"{SAID} {LATER}"


def test_a_title_stays_in_front() -> None:
    shown = excerpt(read("Karin Berg leads it."), read(f"Lund bank news\n{ARTICLE}"))
    assert shown == f"Lund bank news: {SAID}"
    assert titled("A sentence.\nAnother one.") == ("", "A sentence.\nAnother one.")


def test_where_nothing_is_shared_the_beginning_is_shown() -> None:
    shown = excerpt(read("Zebras gallop."), read(ARTICLE))
    assert shown.startswith(SAID)
    assert len(shown) <= MOST_CHARS
