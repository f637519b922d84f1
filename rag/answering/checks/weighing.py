"""What the rules found and what the trained reader makes of it, weighed together.

A logistic regression whose weights tools/calibrate_support.py fits and writes into
rag/calibration.json: 0.5 cuts where of as many true as false statements as many are true. A
rule that is hardly ever wrong gets a weight that no score makes up for; one that often is can
be overruled.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal, get_args

from rag.answering.checks.case import Case, Check, Finding
from rag.answering.checks.coverage import overlap
from rag.calibration import Logistic, logistic, logit, packaged
from rag.errors import ModelError
from rag.types import Support

# Quotes in the statement's language, in the other one, and a whole article in its own.
Situation = Literal["quote", "across", "article"]
_ARTICLE_CHARS = 1_500
_LITTLE = 0.5
KEY = "support"


def situation(case: Case, chars: int) -> Situation:
    """`chars`: how long the evidence is."""
    if not case.same_language:
        return "across"
    return "article" if chars > _ARTICLE_CHARS else "quote"


def features(case: Case, found: Sequence[Finding], heard: Support | None) -> dict[str, float]:
    """By name: 1 for each rule that found a fault, shares 0..1 of what is said, log-odds."""
    seen = overlap(case)
    values = {"words": seen.words, "near": seen.near, "phrases": seen.phrases}
    # Of something else altogether: a kink, since more overlap than usual says little.
    values["foreign"] = max(0.0, _LITTLE - seen.words)
    checks = {finding.check for finding in found}
    values.update({check: float(check in checks) for check in get_args(Check)})
    if heard is not None:
        values["supported"] = logit(heard.supported)
    return values


def probability(where: Situation, values: dict[str, float]) -> float:
    """That the statement holds, 0..1; by the rules alone where no reader was heard."""
    fitted = _weights(where, "supported" in values)
    return fitted.probability(**{name: values[name] for name in fitted.weights})


@cache
def _weights(where: Situation, heard: bool) -> Logistic:
    try:
        return logistic(packaged("calibration.json")[KEY][where]["heard" if heard else "rules"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"The verifier has no usable calibration ({error!r}): install ordagrant again, or "
            "run tools/calibrate_support.py."
        ) from None
