"""From a conversation to a question that stands alone, and what is no question at all.

A follow-up ("And China?", "När sa han det?") is rewritten, by the LLM where there is one and
by rule where not. Either way nothing is brought in that neither the question nor the history
holds: a rewriting that does is thrown away.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answering.wording import one_line, plain
from rag.errors import LlmError
from rag.models.llm import ChatModel
from rag.prompts import load_prompt
from rag.types import Turn

# What the LLM is shown: three exchanges, each message cut. Earlier ones rarely matter, and
# every 50 tokens cost a second on two cores.
HISTORY_TURNS = 6
HISTORY_CHARS = 300
MAX_REWRITE_TOKENS = 80
MAX_REWRITE_CHARS = 400
# How far back the rule looks for a question that said what it is about.
RULE_TURNS = 8
# So many words on the subject, a name among them, say what a question is about.
_TOPIC_WORDS = 3

WORD = re.compile(r"\w+(?:[-'’]\w+)*")
_NUMBERS = re.compile(r"\d+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that point at something said before. Not "that"/"det"/"den" as such, which mostly
# don't: "the fact that", "det regnar", "den nya bron" (see _points_back).
_POINTERS = {
    "en": _words("he she they him them his hers their theirs it its these those"),
    "sv": _words("han hon dem hans hennes deras dess denne denna detta dessa henne honom"),
}
_OPENINGS = {
    "en": re.compile(r"^(?:and|but|so|or|also|what about|how about|why not|what else)\b", re.I),
    "sv": re.compile(r"^(?:och|men|så|eller|hur är det med|hur blir det med|vad mer)\b", re.I),
}
_ENDINGS = {
    "en": re.compile(r"\b(?:then|that|this|there|too|instead|why|when|how|who|so)\W*$", re.I),
    "sv": re.compile(r"\b(?:då|det|den|där|också|istället|varför|när|hur|vem|dit|dem)\W*$", re.I),
}
_SUBJECT_THAT = {
    "en": re.compile(
        r"\b(?:that|this)\s+(?:be|is|was|were|mean|means|happen|happened|deal|meeting|call|"
        r"decision|agreement|statement|day|year|time|number|figure)\b"
        r"|\b(?:do|does|did|say|said|about|of|after|before|by|with|for|from)\s+(?:that|this)\b"
        r"|\bthe (?:same|other|former|latter)\b",
        re.I,
    ),
    "sv": re.compile(
        r"\b(?:sa|säger|gör|gjorde|om|av|efter|före|för|med|till|på|i|från|blev|var|är)\s+"
        r"(?:det|den)\b(?!\s+(?:som|att|\w+[ae])\b)"
        r"|\b(?:samma|den förra|den senare|den andra|det mötet|det avtalet|det beslutet)\b",
        re.I,
    ),
}
_IMPERSONAL = {
    "en": re.compile(r"\bit\s+(?:rain\w*|snow\w*|true that|possible (?:to|that))|is it true", re.I),
    "sv": re.compile(r"\b(?:finns|går|stämmer|är) det\b", re.I),
}
# Words that carry no topic: questions, auxiliaries, articles, prepositions, connectives.
_STOP = {
    "en": _words(
        "a an the and or but so also what when where who whom whose which why how is are was "
        "were be been being do does did done has have had can could will would shall should "
        "may might must of in on at to from by for with about as than then that this these "
        "those it its he she they him her them his their there here not no yes more most much "
        "many any some else too instead say says said tell told please i you we me us my your "
        "if into over after before during between against up down out other same"
    ),
    "sv": _words(
        "en ett den det de och eller men så också vad när var vem vems vilken vilket vilka "
        "varför hur är var vara varit blir blev bli gör gjorde göra gjort har hade ha kan kunde "
        "ska skulle vill ville må måste av i på till från vid för med om som än då att detta "
        "denna dessa han hon hans hennes dem deras dess där här inte nej ja mer mest mycket "
        "många någon något några annat sa säger sade sagt berätta jag du vi mig dig oss min din "
        "efter före under mellan mot upp ner ut andra samma sig sin sitt sina egentligen"
    ),
}
_QUESTION_WORDS = {
    "en": _words("what when where who whom whose which why how is are was were do does did "
                 "has have had can could will would should may might"),
    "sv": _words("vad när var vem vems vilken vilket vilka varför hur är blir blev gör gjorde har "
                 "hade kan kunde ska skulle vill ville finns fanns kommer stämmer"),
}  # fmt: skip
_SMALL_TALK = _words(
    "hi hello hey hiya howdy yo thanks thank you thx ta cheers ok okay k bye goodbye good morning "
    "evening afternoon night day great nice cool perfect super wow lol haha yes no yep nope sure "
    "please sorry test testing there so much very many a lot well done everyone bot all again "
    "hej hejsan hallå tja tjena tjo god morgon dag kväll natt tack så mycket tusen hjärtligt okej "
    "bra fint toppen kul ja nej jo nä japp hejdå då adjö vi ses snälla förlåt jaha jaså på dig "
    "själv allihop igen för hjälpen det var snällt how are you doing how's it going what's up "
    "hur mår du läget är"
)
_KEYBOARD = ("qwertyuiopå", "asdfghjklöä", "zxcvbnm")
_VOWELS = frozenset("aeiouyåäöéèêëáàíóúüæøïôâ")


def is_question(text: str, language: str) -> bool:
    """Whether `text` asks for something the articles could tell: a question or a topic.

    A greeting, thanks, punctuation or keys hit at random are none. In doubt it is one:
    being told "the articles don't say" is better than being told off.
    """
    words = [w.casefold() for w in WORD.findall(one_line(text))]
    if not any(c.isalpha() for w in words for c in w):
        return False
    if len(words) <= 8 and all(w in _SMALL_TALK for w in words):
        return False
    return any(_like_a_word(w) for w in words)


def _like_a_word(word: str) -> bool:
    letters = [c for c in word if c.isalpha()]
    if len(letters) < 2 or (len(set(letters)) == 1 and len(letters) > 2):
        return False
    if len(word) >= 4 and any(word in row for row in _KEYBOARD):
        return False
    # Only the Latin alphabet has vowels to look for; SVT and USA have none or few.
    if len(letters) <= 4 or not all(c.isascii() or c in _VOWELS for c in letters):
        return True
    vowels = sum(c in _VOWELS for c in letters)
    return vowels > 0 and len(letters) / vowels <= 6 and not _keyboard_run(word)


def _keyboard_run(word: str) -> bool:
    return any(word[i : i + 5] in row for row in _KEYBOARD for i in range(max(1, len(word) - 4)))


def depends(question: str, language: str) -> bool:
    """Whether a question needs the conversation: it points back, or leaves its topic out."""
    known = language if language in _STOP else "en"
    text = one_line(question)
    words = [w.casefold() for w in WORD.findall(text)]
    if not words:
        return False
    opening = _OPENINGS[known].search(text)
    if opening and not _whole(text[opening.end() :], known):
        return True
    if _points_back(text, words, known):
        return True
    # "Why?", "How much?", "När då?": nothing that says what about.
    return not _topic(text, known)


def _whole(rest: str, language: str) -> bool:
    """Whether what follows an "And" is a question that says itself what it is about."""
    words = WORD.findall(rest)
    asks = bool(words) and words[0].casefold() in _QUESTION_WORDS[language]
    return asks and bool(_named(rest)) and len(_topic(rest, language)) >= _TOPIC_WORDS


def _points_back(text: str, words: list[str], language: str) -> bool:
    named = _named(text)
    pointers = [i for i, w in enumerate(words) if w in _POINTERS[language]]
    # "What did Trump say that he would do?": the one meant is in the question itself.
    inside = bool(named) and bool(pointers) and min(pointers) > min(words.index(n) for n in named)
    if pointers and not inside and not _IMPERSONAL[language].search(text):
        return True
    if _SUBJECT_THAT[language].search(text) and not named:
        return True
    return bool(_ENDINGS[language].search(text)) and len(_topic(text, language)) <= 1


def _named(text: str) -> list[str]:
    """Words with a capital, the first word apart; in lower case, in order."""
    found = list(WORD.finditer(text))
    return [m[0].casefold() for m in found[1:] if m[0][0].isupper() and m[0] != "I"]


def _topic(text: str, language: str) -> list[str]:
    return [w for w in WORD.findall(text) if w.casefold() not in _STOP[language] and len(w) > 1]


def standalone(
    question: str, history: Sequence[Turn], chat: ChatModel | None, language: str | None = None
) -> str:
    """`question` so that it can be understood without `history`; unchanged if it can already.

    `language` is the question's; None lets a few small words tell. Never fails: a model that
    does is answered by the rule.
    """
    question = one_line(question)
    asked = [t for t in history if t.role == "user" and t.content.strip()]
    known = language or _guess(question, asked)
    if not asked or not depends(question, known):
        return question
    if chat is not None and (rewritten := _by_model(question, history, chat)):
        return rewritten
    return _by_rule(question, asked, known)


def _guess(question: str, asked: Sequence[Turn]) -> str:
    text = " ".join([question, *(t.content for t in asked[-2:])]).casefold()
    words = WORD.findall(text)
    swedish = sum(w in _STOP["sv"] for w in words) + sum(c in "åäö" for c in text)
    return "sv" if swedish > sum(w in _STOP["en"] for w in words) else "en"


def _by_model(question: str, history: Sequence[Turn], chat: ChatModel) -> str | None:
    lines = [_line(turn) for turn in history[-HISTORY_TURNS:] if turn.content.strip()]
    template = load_prompt("rewrite", {"history", "question"})
    messages = template.render(history=lines, question=question)
    try:
        reply = chat.text(messages, max_tokens=MAX_REWRITE_TOKENS, stop=("\n",))
    except LlmError:
        return None
    rewritten = one_line(reply.text).strip("\"“”' ")
    if reply.finish != "stop" or not faithful(rewritten, question, history):
        return None
    return rewritten


def _line(turn: Turn) -> str:
    who = "User" if turn.role == "user" else "Assistant"
    content = one_line(turn.content)
    if len(content) > HISTORY_CHARS:
        content = content[:HISTORY_CHARS] + " …"
    return f"{who}: {content}"


def faithful(rewritten: str, question: str, history: Sequence[Turn]) -> bool:
    """Whether a rewriting is a question and brings in no name and no number of its own."""
    if not rewritten or len(rewritten) > MAX_REWRITE_CHARS or not WORD.search(rewritten):
        return False
    if question.rstrip().endswith("?") and not rewritten.endswith("?"):
        return False
    known = " ".join([question, *(t.content for t in history)])
    heard = {_bare(w) for w in WORD.findall(known)}
    names = {_bare(w) for w in _named(rewritten)}
    if not names <= heard:
        return False
    if not set(_NUMBERS.findall(rewritten)) <= set(_NUMBERS.findall(known)):
        return False
    # It must still be the question that was asked: its own names and numbers stay.
    kept = {_bare(w) for w in WORD.findall(rewritten)}
    return {_bare(w) for w in _named(question)} <= kept


def _bare(word: str) -> str:
    """A name without case and genitive: Trump, Trumps and Trump's are one."""
    word = re.sub(r"['’]s?$", "", word.casefold())
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def _by_rule(question: str, asked: Sequence[Turn], language: str) -> str:
    """The question, with the topic words of the last question that had its own in brackets.

    Honest rather than elegant: it reads as what it is, and retrieval gets the words it needs.
    """
    have = {plain(w) for w in WORD.findall(question)}
    carried: list[str] = []
    for turn in reversed(asked[-RULE_TURNS:]):
        for word in _topic(one_line(turn.content), language):
            key = plain(word)
            if key not in have:
                have.add(key)
                carried.append(word)
        if not depends(turn.content, language):
            break
    if not carried:
        return question
    return f"{question} ({' '.join(carried[:12])})"
