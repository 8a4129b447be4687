"""Purpose and use: what the model answers, for whom, and what it must not be taken for."""

from collections.abc import Mapping
from typing import Any

from credit.contract import DEPOSIT_WAIVER, MERCHANT_LOAN
from models.manifest import TABLE
from training.report.dossier import Dossier
from training.report.markup import Markup, element, join
from training.report.tables import Column, listed, pairs, table
from training.report.words import share, text

_USES: Mapping[str, tuple[str, str]] = {
    MERCHANT_LOAN: (
        "Unsecured loans to merchants: whether, how much, at what price.",
        (
            "The probability feeds the policy's cut-offs, limits and price; rules decide with "
            "it, and "
            "a person reviews what is referred."
        ),
    ),
    DEPOSIT_WAIVER: (
        "Deposits that a customer need not pay.",
        (
            "The probability feeds the policy's cut-offs and how much of a deposit is waived; an "
            "order "
            "that is not waived goes on with its deposit paid."
        ),
    ),
    TABLE: (
        "A benchmark on a labelled table; it is not registered and decides nothing.",
        "Before it decides anything, its features must be those of the place where it serves.",
    ),
}


def purpose(of: Dossier) -> Markup:
    """What it is for, what it predicts, and its stated limits of use."""
    use, how = _USES[of.manifest.product]
    return join(
        element("p", use, class_="lead"),
        element("p", how),
        pairs(_predicted(of)),
        _shares(of),
        element("h3", "Not to be used for"),
        listed(_not_for()),
    )


def _predicted(of: Dossier) -> list[tuple[str, Any]]:
    told = of.manifest.label
    facts = [(f"Label: {name}", text(value)) for name, value in told.items()]
    facts.insert(0, ("Predicts", "P(bad): the chance of a bad outcome within the label's window"))
    if of.cut_off is not None:
        facts.append(("Cut-off that this report assumes", f"P(bad) above {share(of.cut_off)}"))
    return facts


def _shares(of: Dossier) -> Markup | None:
    told = of.metrics.get("cut_off")
    if not isinstance(told, Mapping) or not told.get("shares"):
        return None
    columns = (
        Column("approved before the split", "approved_share", share),
        Column("P(bad) at most", "probability", share),
        Column("approved of the test rows", "approved_test", share),
        Column("bad rate of these", "bad_rate", share),
        Column("expected", "expected", share),
    )
    return join(
        element(
            "p",
            "No policy is known to a training, so the report assumes a cut-off: it approves the "
            "share below of the rows before the split. Other shares stand beside it.",
        ),
        table(columns, told["shares"]),
    )


def _not_for() -> tuple[str, ...]:
    return (
        "Other products, markets or populations than those of the rows it was made of.",
        "Collections, fraud or marketing: the label says nothing of them.",
        "Decisions without the policy's rules: the model ranks risk, it does not know the law.",
    )
