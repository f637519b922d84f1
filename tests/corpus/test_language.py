from __future__ import annotations

import pytest

from rag.corpus.language import detect_article, detect_question


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Vad sa Trump om tullarna?", "sv"),
        ("Hur mycket?", "sv"),
        ("Vem är Tilde Lewin", "sv"),
        ("räntan", "sv"),
        ("kinesiska tullar 2025", "sv"),
        ("Finns det avtal?", "sv"),
        ("What did Trump say about tariffs?", "en"),
        ("who is Tilde Lewin", "en"),
        ("How much?", "en"),
        ("rare earths", "en"),
        ("Xi Jinping?", "en"),
        ("145%", "en"),
        ("", "en"),
        ("When did they meet in Malmö?", "en"),
        ("När möttes de i Washington?", "sv"),
    ],
)
def test_questions(question: str, language: str) -> None:
    assert detect_question(question) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The central bank kept its rate unchanged on Thursday, as it had said it would.", "en"),
        ("Riksbanken höjer inte räntan och det är väntat, säger chefen om beslutet i dag.", "sv"),
        ("Norges Bank holder renten uendret, og det er som ventet, sier sjefen ikke nå.", "no"),
        ("Die Zentralbank hat den Leitzins am Donnerstag nicht verändert, wie erwartet.", "de"),
        ("La banque centrale a maintenu son taux directeur jeudi, comme attendu par tous.", "fr"),
        ("قال الرئيس إن الاتفاق جيد.", "ar"),
        ("Kort svensk text är det.", "sv"),
    ],
)  # fmt: skip
def test_articles(text: str, language: str) -> None:
    found = detect_article(text)
    assert found == language or (language == "no" and found in ("nb", "nn", "no"))
