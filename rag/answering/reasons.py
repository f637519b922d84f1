"""Why a statement was removed, as a key with its values: said in English or in Swedish.

The checks find faults and don't care who reads of them; which language a reason is told in is
the answer's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

ReasonLanguage = Literal["en", "sv"]

# key: (English, Swedish)
_SAID: dict[str, tuple[str, str]] = {
    "missing": ("{what} is not in its quote.", "{what} står inte i citatet."),
    "instead": ("Its quote says {other}, not {what}.", "Citatet säger {other}, inte {what}."),
    "swapped": (
        "Its quote says {other} there, not {what}.",
        "Citatet säger {other} där, inte {what}.",
    ),
    "not_said": ("Its quote does not say {what}.", "Citatet säger inte {what}."),
    "change": ("In its quote {what} is {end}.", "I citatet är {what} {end}."),
    "tied": (
        "Its quote ties {what} to {other}, not to {name}.",
        "Citatet knyter {what} till {other}, inte till {name}.",
    ),
    "hedged": (
        "Its quote gives this as {kind} (“{word}”), not as a fact.",
        "Citatet anger detta som {kind} (”{word}”), inte som ett faktum.",
    ),
    "speaker": (
        "Its quote gives these words to {other}, not to {name}.",
        "Citatet tillskriver {other} orden, inte {name}.",
    ),
    "negation_added": (
        "The statement says “{word}”, which its quote does not.",
        "Påståendet säger ”{word}”, vilket citatet inte gör.",
    ),
    "negation_dropped": (
        "Its quote says “{word}”, the statement does not.",
        "Citatet säger ”{word}”, vilket påståendet inte gör.",
    ),
    "opposite": (
        "The statement says “{word}”, its quote “{other}”.",
        "Påståendet säger ”{word}”, citatet ”{other}”.",
    ),
    "turned_round": (
        "Its quote has {left} and {right} the other way round.",
        "I citatet står {left} och {right} tvärtom.",
    ),
    "not_verbatim": (
        "“{words}” is quoted but not word for word in its quote.",
        "”{words}” står inom citattecken men inte ordagrant i citatet.",
    ),
    "uncited": ("Nothing is cited for it.", "Inget citat anges för det."),
    "nothing_there": ("There is nothing to hold it against.", "Det finns inget att pröva det mot."),
    "too_little": ("Too little of it is in its quote.", "För lite av det står i citatet."),
    "something_else": (
        "Its quote seems to say something else.",
        "Citatet tycks säga något annat.",
    ),
    "does_not_seem": ("Its quote does not seem to say this.", "Citatet tycks inte säga detta."),
    # parts of the above
    "possibility": ("a possibility", "en möjlighet"),
    "intention": ("an intention", "en avsikt"),
    "claim": ("a claim", "en uppgift från någon"),
    "source": ("where the change starts", "där ändringen börjar"),
    "target": ("where the change ends", "där ändringen slutar"),
    "delta": ("the size of the change", "ändringens storlek"),
    "gt": ("more than {what}", "mer än {what}"),
    "ge": ("at least {what}", "minst {what}"),
    "lt": ("less than {what}", "mindre än {what}"),
    "le": ("at most {what}", "högst {what}"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing found wrong. A value that is itself a reason is told in the same language."""

    key: str
    values: tuple[tuple[str, str | Reason], ...] = ()

    def told(self, language: str) -> str:
        """The sentence in `language`, or in English if we don't write that language."""
        said = _SAID[self.key][language == "sv"]
        return said.format(
            **{
                name: value.told(language) if isinstance(value, Reason) else value
                for name, value in self.values
            }
        )

    def __str__(self) -> str:
        return self.told("en")


def why(key: str, **values: str | Reason) -> Reason:
    """The reason `key` with what it names; an unknown key is a `KeyError` here and not later."""
    if key not in _SAID:
        raise KeyError(key)
    return Reason(key, tuple(values.items()))


def all_told(reasons: Iterable[Reason], language: str) -> tuple[str, ...]:
    """Each reason once, as a sentence, in order."""
    return tuple(dict.fromkeys(reason.told(language) for reason in reasons))
