"""A question of several parts, split by rule, each judged on its own.

"When was it signed, and who signed it?" asks two things, of which the articles may tell one.
Only what is clearly two questions is split: a verb must stand where a question of its own has
it (before its subject), so that "what was said about when it ends and who pays" stays whole,
as does "what do A and B say?". A part left unsplit costs little; half a question judged alone
as if it were one could be refused wrongly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rag.answering.answerability import unnamed
from rag.answering.checks.case import read
from rag.answering.checks.coverage import content_tokens
from rag.answering.checks.text import split_sentences
from rag.types import Evidence, EvidenceSet

# More than this is a list of questions, and each part costs a search (0.5 s).
MAX_PARTS = 4

_QUANTITY = {
    "en": r"how (?:many|much|long|often|far|old|big|large|high|soon|fast)",
    "sv": r"hur (?:många|mycket|länge|ofta|långt|långa?|gammal|stora?|stort|höga?|högt|snart)",
}
_ADVERB = {
    "en": r"(?:when|where|why|how)",
    "sv": r"(?:när|var|vart|varifrån|varför|hur)",
}
_PRONOUN = {
    "en": r"(?:whom|whose|who|what|which)",
    "sv": r"(?:vems|vem|vilken|vilket|vilka|vad)",
}
_PREPOSITION = {
    "en": r"(?:in|on|at|by|for|from|to|with|of|about|under|during|since|until|against)",
    "sv": r"(?:i|på|vid|av|för|från|till|med|om|under|sedan|mot|efter|genom|hos)",
}
_AUXILIARY = {
    "en": (
        r"(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|may|might|must"
        r"|isn['’]t|wasn['’]t|didn['’]t|doesn['’]t|won['’]t)"
    ),
    "sv": (
        r"(?:är|var|har|hade|ska|skall|skulle|kan|kunde|vill|ville|måste|får|fick|blir|blev|bör|"
        r"kommer|kom|gör|gjorde|säger|sa|sade|gick|går|tog|gav|ger|lät|höll|hölls|slöt|slöts|"
        r"skrev|skrevs|steg|sjönk|föll|bröt|bröts|satt|låg|stod|står|såg|ser|vann|dog|heter|hette|"
        r"finns|fanns|ligger|drog|valdes|"
        # A preterite or passive by its ending: undertecknade, höjde, träffades, köpte.
        r"\w{2,}(?:ade|dde|tte|[lrngvkjmp]de|[kpsx]te)s?)"
    ),
}
# What follows the verb of a question: a pronoun, a name or a definite noun.
_SUBJECT_SV = (
    r"han|hon|den|det|de|vi|man|ni|detta|denna|dessa|(?-i:[A-ZÅÄÖ])\w+|\w{2,}(?:en|et|na|an|on|rn)"
)
_AND = {"en": r"(?:and|but)", "sv": r"(?:och|men)"}
_IF_SO = {"en": r"(?:if so,?\s+|also\s+)?", "sv": r"(?:i så fall,?\s+|också\s+)?"}
# What a clause goes on with when it is no question of its own: "who he met".
_NO_VERB = re.compile(
    r"(?:he|she|it|they|we|you|i|the|a|an|this|that|these|those|his|her|its|their|our|to)$", re.I
)
_QUOTING = re.compile('["“”„«»]')
_EMPTY = re.compile(
    r"(?:is (?:it|this|that) (?:true|right)|stämmer det|är det (?:sant|så|rätt))\W*$", re.I
)


@dataclass(frozen=True, slots=True)
class Part:
    """One of the questions: as the person put it, and so that it can be understood alone."""

    words: str
    question: str


@dataclass(frozen=True, slots=True)
class Parted:
    """What can be answered: the parts that are, their evidence together, and the rest."""

    question: str
    evidence: EvidenceSet
    unanswered: tuple[str, ...]  # in the person's words


def split(question: str, language: str) -> tuple[Part, ...]:
    """The parts of `question` in order, two to four; none where it is one question.

    Pronouns that point from one part to another are left as they are.
    """
    if language not in _ADVERB or _QUOTING.search(question):
        return ()
    sentences = [question[a:b].strip() for a, b in split_sentences(question)]
    if len(sentences) > 1 and not all(s.endswith("?") for s in sentences):
        return ()
    clauses = [c for s in sentences for c in _clauses(s.rstrip("?!. "), language)]
    if not 2 <= len(clauses) <= MAX_PARTS:
        return ()
    subject = read(clauses[0])
    if not subject.names and len(content_tokens(subject)) < 2:
        return ()  # "what is the name and what is the age of the minister"
    parts: list[Part] = []
    for clause in clauses:
        whole = _completed(clause, parts[0].question if parts else "", language)
        if whole is None or _EMPTY.match(whole):
            return ()
        parts.append(Part(f"{clause[0].lower()}{clause[1:]}", whole))
    return tuple(parts)


def judge(
    parts: Sequence[Part], answerable: Callable[[str], EvidenceSet], most: int
) -> Parted | None:
    """Which of `parts` the evidence of `answerable(question)` answers; None where none is.

    The evidence of the answered parts is put together, at most `most` sentences: the best of
    each part first, scores counted from each part's best (1), so that none crowds out another.
    """
    found = [(part, _known(part, answerable(part.question))) for part in parts]
    answered = [(part, evidence) for part, evidence in found if evidence.enough]
    if not answered:
        return None
    items = _together([evidence for _, evidence in answered], most)
    return Parted(
        question=" ".join(part.question for part, _ in answered),
        evidence=EvidenceSet(items, min(e.answerable for _, e in answered), True),
        unanswered=tuple(part.words for part, evidence in found if not evidence.enough),
    )


def _known(part: Part, evidence: EvidenceSet) -> EvidenceSet:
    """Not enough where the part names somebody that no evidence names: what the other parts
    lend it to be understood must not answer for "what did Putin say about it"."""
    missing = not evidence.items or unnamed(part.words, evidence.items)
    return replace(evidence, enough=evidence.enough and not missing)


def _together(sets: Sequence[EvidenceSet], most: int) -> tuple[Evidence, ...]:
    best: dict[tuple[str, int], Evidence] = {}
    for evidence in sets:
        top = max(item.score for item in evidence.items) or 1.0
        for item in evidence.items:
            key = (item.sentence.article_id, item.sentence.start)
            scored = replace(item, score=item.score / top)
            if key not in best or scored.score > best[key].score:
                best[key] = scored
    ranked = sorted(best.values(), key=lambda item: -item.score)[:most]
    return tuple(replace(item, n=n) for n, item in enumerate(ranked, start=1))


def _clauses(sentence: str, language: str) -> list[str]:
    """`sentence` cut before each question of its own that it holds."""
    adverbs = _adverbs(sentence, language)
    if adverbs:
        return adverbs
    cuts = []
    joint = rf"(?:,?\s+{_AND[language]}|[,;])\s+"
    for match in re.finditer(joint, sentence, re.IGNORECASE):
        rest = sentence[match.end() :]
        joined = match.group().strip() not in {",", ";"}
        before = sentence[: match.start()]
        bare = joined and _bare(rest, language) and not _embeds(before, language)
        if bare or _asks(rest, before, language):
            cuts.append(match)
    clauses, start = [], 0
    for match in cuts:
        clauses.append(sentence[start : match.start()].strip(" ,;"))
        start = match.end()
    return [*clauses, sentence[start:].strip(" ,;")]


def _adverbs(sentence: str, language: str) -> list[str]:
    """`When and where was it signed` as `When was it signed`, `where was it signed`."""
    adverb, conj = _ADVERB[language], "and" if language == "en" else "och"
    match = re.match(
        rf"({adverb})\s+{conj}\s+({adverb})\s+(?={_AUXILIARY[language]}\b)", sentence, re.I
    )
    if match is None:
        return []
    rest = sentence[match.end() :]
    return [f"{match[1]} {rest}", f"{match[2]} {rest}"]


def _asks(rest: str, before: str, language: str) -> bool:
    """Whether `rest` is a question of its own after the one in `before`."""
    led = rf"(?:{_PREPOSITION[language]}\s+)?"
    adverb, pronoun, aux = _ADVERB[language], _PRONOUN[language], _AUXILIARY[language]
    quantity = _QUANTITY[language]
    if language == "sv":
        # A Swedish question has its verb right after the question word, a clause never has.
        asked = rf"{led}(?:(?!var\b){adverb}|{pronoun}|{quantity})\s+{aux}\b\s+(?!som\b)\w"
        now = rf"{led}(?:{adverb}|{pronoun})\s+\w{{2,}}(?:ar|er)\s+(?:{_SUBJECT_SV})\b"
        where = rf"var\s+(?!(?:var|är)\b){aux}\b\s+\w"
        counted = rf"{led}(?:{quantity}|vilken|vilket|vilka)\s+\w+\s+(?:\w+\s+)?{aux}\b"
        if any(re.match(form, rest, re.I) for form in (asked, now, where)):
            return True
        return bool(re.match(counted, rest, re.I)) and not re.match(
            r"\S+(?:\s\S+){0,3}\ssom\b", rest
        )
    inverted = rf"{led}(?:{adverb}|{quantity}(?:\s+\w+){{0,2}})\s+{aux}\s+\w"
    supported = rf"{led}{pronoun}(?:\s+\w+){{0,2}}\s+(?:do|does|did)\s+\w"
    if re.match(inverted, rest, re.I) or re.match(supported, rest, re.I):
        return True
    # "and who signed it": the same words could hang on "asked" or "about" before them.
    if not _opens(before, language) or _embeds(before, language) or not _by_word(before, language):
        return False
    follow = re.match(rf"{led}(?:{pronoun}|{quantity})\s+(\w+)\s+\w", rest, re.I)
    if follow is None:
        return False
    return not (follow[1][0].isupper() or _NO_VERB.match(follow[1]))


def _opens(clause: str, language: str) -> bool:
    """Whether a clause begins as a question does."""
    return _by_word(clause, language) or bool(re.match(rf"{_AUXILIARY[language]}\b", clause, re.I))


def _by_word(clause: str, language: str) -> bool:
    word = rf"(?:{_ADVERB[language]}|{_PRONOUN[language]}|{_QUANTITY[language]})\b"
    return bool(re.match(rf"(?:{_PREPOSITION[language]}\s+)?{word}", clause, re.I))


def _embeds(clause: str, language: str) -> bool:
    """A second question word, or a verb or preposition that can have a clause hang on it."""
    words = clause.lower().split()
    word = re.compile(rf"(?:{_ADVERB[language]}|{_PRONOUN[language]}|whether|if|that|about)$")
    return any(word.match(w) for w in words[2:])


def _bare(rest: str, language: str) -> bool:
    """`when`, `if so when`, `by whom`: a question word alone."""
    return bool(re.fullmatch(_alone(language), rest.strip(" ,"), re.I))


def _alone(language: str) -> str:
    whom = r"(?:by|with|to) whom" if language == "en" else r"(?:av|med|till) vem"
    how_long = r"for how long|how long" if language == "en" else r"hur länge"
    return rf"{_IF_SO[language]}({whom}|{how_long}|{_ADVERB[language]})(?:\s+(?:then|då))?"


def _completed(clause: str, first: str, language: str) -> str | None:
    """`clause` as a question; a bare `when` takes its words from `first`. None if it can't."""
    bare = re.fullmatch(_alone(language), clause.strip(" ,"), re.I)
    if bare is None:
        opener = re.sub(rf"^{_AND[language]}\s+{_IF_SO[language]}", "", clause, flags=re.I)
        if not _opens(opener, language) or not content_tokens(read(opener), names=True):
            return None
        return f"{opener[0].upper()}{opener[1:]}?"
    rest = _without_word(first.rstrip("?"), language)
    if rest is None:
        return None
    return f"{bare[1][0].upper()}{bare[1][1:]} {rest[0].lower()}{rest[1:]}?"


def _without_word(question: str, language: str) -> str | None:
    """From the verb on: of `What did he say` and of `Did he say` it is `did he say`.

    None of `Who signed it`: without its subject it is no question.
    """
    aux = _AUXILIARY[language]
    if re.match(rf"{aux}\s", question, re.I) and not re.match(r"var\s+\w+de?s?\b", question, re.I):
        return question
    words = rf"(?:{_ADVERB[language]}|what|vad)"
    match = re.match(rf"(?:{_QUANTITY[language]}|{words})\s+(?={aux}\s)", question, re.I)
    return question[match.end() :] if match else None
