"""A bot that follows a script: real words of the sample articles, chosen by hand.

Nothing here is a model; what it answers was decided by whoever wrote the script, so a test
can say exactly what the page must show.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from rag.errors import LlmError
from rag.types import Article, Evidence, Published, Refusal
from tests.ui.script import Script, ScriptedBot, evidence, made_article

__all__ = ["ScriptedBot", "evidence", "made_article"]

SEEDS = Path(__file__).parents[2] / "seeds"

SVT, THAW, CNN, CALL, TRUCE = (
    "000_a574084f86699ec9",
    "001_f06367601f576edf",
    "002_d616262dcc2f21b5",
    "003_0c9594e4ba1ca4c2",
    "004_8779bf42f353ca5e",
)
# article: outlet, title, language, date, what is masked; all dates are inferred
_ABOUT: dict[str, tuple[str | None, str, str, date, str | None]] = {
    SVT: (
        "SVT",
        "Trump kan vara den som viker sig i handelskriget mot Kina",
        "sv",
        date(2025, 4, 23),
        None,
    ),
    THAW: (
        None,
        "China Signals Potential Thaw in Trade Talks Amid Suspicion of US Intentions",
        "en",
        date(2025, 5, 2),
        r"\A.*\n|\nTags\s*\Z",
    ),
    CNN: (
        "CNN, via US-NEA",
        "Fragile US-China trade ceasefire pulled back from the brink by Trump-Xi call",
        "en",
        date(2025, 6, 6),
        r"\n\s*Source link[\s\S]*\Z",
    ),
    CALL: (
        None,
        "A Tentative Thaw in US-China Tensions: Trump and Xi Re-engage on Trade",
        "en",
        date(2025, 6, 5),
        r"\A.*\n|\nRelated posts\s*\Z",
    ),
    TRUCE: (
        None,
        "Trade truce between the US and China within reach, at least for now",
        "en",
        date(2025, 10, 27),
        r"READ MORE\n",
    ),
}


def sample_article(article_id: str) -> Article:
    """One of the sample articles, described by hand."""
    outlet, title, language, on, masked = _ABOUT[article_id]
    text = (SEEDS / f"{article_id}.txt").read_text(encoding="utf-8").replace("\r\n", "\n")
    return made_article(
        article_id,
        text,
        title=title,
        outlet=outlet,
        language=language,
        published=Published(on, "inferred"),
        masked=masked,
    )


RARE_EARTHS = "How much of the world’s rare earths does China refine?"
PHONE = "What did Trump and Xi talk about on the phone?"
FOLLOW_UP = "And what did China say?"
TARIFFS = "Hur höga är tullarna på kinesiska varor?"
UNANSWERED = "How many soybeans did China buy in 2024?"
UNANSWERED_SV = "Vad kostar ett kilo neodym?"
HELD = "What must China do first?"
QUEUED = "Who is waiting in line?"
LLM_DOWN = "Which model is this?"
CRASH = "What breaks?"


def sample_bot() -> ScriptedBot:
    """A bot over the five sample articles with an answer of every kind."""
    articles = {article_id: sample_article(article_id) for article_id in _ABOUT}

    def found(*chosen: tuple[str, str]) -> list[Evidence]:
        return [evidence(articles[a], words, i) for i, (a, words) in enumerate(chosen, 1)]

    refines = (
        TRUCE,
        "China refines 90 per cent of the world’s rare earths and it briefly paralysed some "
        "high-end manufacturing in the US and Europe when it introduced export licenses for them "
        "last April.",
    )
    produces = (
        SVT,
        "Det gäller inte minst landets export av sällsynta jordartsmetaller, där Kina som infört "
        "exportrestriktioner mot USA beräknas stå för 86 procent av den globala produktionen.",
    )
    alternatives = (
        TRUCE,
        "It could take between five and seven years to develop such alternative sources of the "
        "minerals, during which time China can continue to maintain its chokehold.",
    )
    reading = (
        CALL,
        "However, subsequent posts by President Trump on his Truth Social platform shed more "
        "light on the discussion, stating it was “very good” and focused “almost entirely on "
        "TRADE.”",
    )
    warning = (
        CNN,
        "Trump said in the Social Post of Truth that the hour-and-a-half conversation call was "
        "“almost entirely focused on trade,” but the Chinese reads have picked out Xi’s harsh "
        "warnings about Taiwan, a red habit on Beijing’s route, and China’s student visa issues.",
    )
    visits = (
        CALL,
        "Both leaders extended invitations for reciprocal visits, and Trump announced that their "
        "respective teams, including US Treasury Secretary Scott Bessent, Commerce Secretary "
        "Howard Lutnick, and Trade Representative Jamieson Greer, would meet “shortly” at an "
        "undisclosed location to work out further trade arrangements.",
    )
    ninety = (
        CNN,
        "Thursday’s 90-minute conversation brought a temporary reprieve from an "
        "escalating feud between superpower rivals, but it did not provide a clear pathway "
        "to resolve their deep-rooted divisions.",
    )
    high = (
        SVT,
        "I uttalandet konstaterade Trump att tullarna på 145 procent mot kinesiska varor är ”en "
        "mycket hög nivå” och tillade att den nivån kommer att ”sänkas avsevärt”.",
    )
    geneva = (
        CALL,
        "This 90-day deal saw the US agree to reduce tariffs on Chinese goods from 145 percent "
        "to 30 percent, while China committed to cutting tariffs on US goods from 125 percent to "
        "10 percent.",
    )
    precondition = (
        THAW,
        "In particular, Beijing is insisting on Washington dropping the 145% tariffs as a "
        "precondition before serious negotiations can start.",
    )
    scripts = {
        RARE_EARTHS: Script(
            found(alternatives, refines, produces),
            [
                ("China refines 90 per cent of the world’s rare earths.", [2]),
                ("Other sources could take between five and seven years to develop.", [1]),
            ],
            conflict=(
                "China’s share of rare earths",
                [
                    ("It refines 90 per cent of the world’s rare earths.", 2),
                    ("It is estimated to stand for 86 per cent of global production.", 3),
                ],
            ),
            removed=[
                ("Australia refines 80 per cent of the rest.", "80 per cent is not in its quote")
            ],
            translations={
                3: "This applies not least to the country’s export of rare earths, where China, "
                "which has introduced export restrictions against the US, is estimated to stand "
                "for 86 per cent of global production."
            },
        ),
        PHONE: Script(
            found(reading, ninety, warning, visits),
            [
                ("Trump called the talk “very good” and focused “almost entirely on TRADE”.", [1]),
                (
                    "China’s account picks out Xi’s warnings about Taiwan and the question of "
                    "student visas.",
                    [3],
                ),
                ("Both leaders invited each other, and their teams are to meet “shortly”.", [4]),
            ],
        ),
        FOLLOW_UP: Script(
            found(warning),
            [("China’s account picks out Xi’s harsh warnings about Taiwan.", [1])],
            standalone="What did China say about the phone call between Trump and Xi?",
        ),
        TARIFFS: Script(
            found(high, geneva, precondition),
            [
                ("Trump konstaterade att tullarna på kinesiska varor är 145 procent.", [1]),
                ("I Genève gick USA med på att sänka dem från 145 till 30 procent.", [2]),
            ],
            language="sv",
            translations={
                2: "I detta 90-dagarsavtal gick USA med på att sänka tullarna på kinesiska varor "
                "från 145 till 30 procent, medan Kina åtog sig att sänka tullarna på amerikanska "
                "varor från 125 till 10 procent."
            },
        ),
        UNANSWERED: Script(
            found(refines, geneva),
            refusal=Refusal(reason="no_evidence", nearest=(1, 2)),
            says="The articles do not say how many soybeans China bought in 2024.",
        ),
        UNANSWERED_SV: Script(
            found(produces),
            refusal=Refusal(reason="no_evidence", nearest=(1,)),
            says="Artiklarna anger inget pris på neodym.",
            language="sv",
        ),
        HELD: Script(
            found(precondition, geneva),
            [
                ("Beijing wants the tariffs dropped before serious negotiations.", [1]),
                ("In Geneva both sides agreed to reduce tariffs.", [2]),
            ],
            hold_before=1,
        ),
        QUEUED: Script(
            found(precondition),
            [("Beijing wants the tariffs dropped before serious negotiations.", [1])],
            ahead=2,
        ),
        LLM_DOWN: Script(error=LlmError("The LLM at port 1 does not answer: start it.")),
        CRASH: Script(error=RuntimeError("secret detail")),
    }
    return ScriptedBot(list(articles.values()), scripts)


ATTACKS = (
    "<script>window.__xss=1</script>",
    "<img src=x onerror='window.__xss=2'>",
    '"><svg onload=window.__xss=3>',
    "<iframe srcdoc='<script>parent.__xss=4</script>'></iframe>",
    "${window.__xss=5}",
    "{{#with this}}{{lookup . 'constructor'}}{{/with}}",
    "{{ ''.__class__.__mro__ }}{% raw %}",
    "`;window.__xss=6;`",
    "[x](javascript:window.__xss=7)",
    "</textarea></title></style><b onmouseover=window.__xss=8>b</b>",
    "<a href='javascript:window.__xss=9'>a</a>",
    "<style>body{display:none}</style>",
    "\u202egnp.exe\u202c \u200b\u2066",
)
ATTACKED = "What does the attack say? " + " ".join(ATTACKS)


def attacked_bot() -> ScriptedBot:
    """Every text that an outsider can set is an attack string."""
    storm = " ".join(ATTACKS)
    article = made_article(
        f"x{ATTACKS[1]}",
        f"{storm}\n\nThe attack says {storm} and then stops. {storm}\n",
        title=storm,
        outlet=storm,
        source="javascript:window.__xss=10",
        published=Published(date(2025, 1, 2), "inferred"),
        masked=r"\A.*\n",
    )
    article = replace(article, masks=tuple(replace(m, reason=storm) for m in article.masks))
    items = [
        evidence(article, f"The attack says {storm} and then stops.", 1),
        evidence(article, "and then stops.", 2),
    ]
    script = Script(
        items,
        [(f"It says {storm}", [1]), ("It stops.", [2])],
        conflict=(storm, [(storm, 1), (storm, 2)]),
        removed=[(storm, storm)],
        standalone=f"Rewritten {storm}",
        translations={1: storm},
    )
    return ScriptedBot([article], {ATTACKED: script})


def empty_bot() -> ScriptedBot:
    return ScriptedBot([], {})
