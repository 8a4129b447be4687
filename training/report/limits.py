"""Limitations, said plainly and derived from the figures."""

from collections.abc import Iterator, Mapping
from typing import Any

from training.report.dossier import Dossier
from training.report.markup import Markup, element, join
from training.report.tables import listed
from training.report.words import count, share, short, some

FEW_BADS = 200
MANY_MISSING = 0.5
MUCH_IMMATURE = 0.05
OLD_DAYS = 365


def limits(of: Dossier) -> Markup:
    """What a reader must not read into the figures."""
    said = [limit for rule in _RULES for limit in rule(of)]
    intro = "Derived from the figures of this very training."
    return join(element("p", intro, class_="soft"), listed(said))


def _few_bads(of: Dossier) -> Iterator[str]:
    if of.test_bads < FEW_BADS:
        yield (
            f"Only {some(of.test_bads, 'bad')} in the test rows: every figure of them is rough, "
            f"see "
            "the intervals."
        )
    if of.manifest.data.bads < FEW_BADS:
        yield f"The model was made of {some(of.manifest.data.bads, 'bad')} alone."


def _wide(of: Dossier) -> Iterator[str]:
    gini = of.metrics.get("intervals", {}).get("gini")
    if gini and gini["low"] is not None and gini["high"] - gini["low"] > 0.1:  # noqa: PLR2004
        yield f"The Gini is known no better than {short(gini['low'])} to {short(gini['high'])}."


def _immature(of: Dossier) -> Iterator[str]:
    split = of.metrics["split"]
    rows = split["immature_at_split"]
    if rows and rows > MUCH_IMMATURE * of.manifest.data.rows:
        yield (
            f"{count(rows)} rows before the split had not matured by it: a model made on that day "
            "could not have learnt from them."
        )
    told = of.metrics.get("maturity") or {}
    if told.get("not_matured"):
        yield (
            f"{count(told['not_matured'])} outcomes have not matured: the newest months are not "
            f"in it."
        )


def _window(of: Dossier) -> Iterator[str]:
    if of.metrics["split"]["method"] != "time":
        yield (
            "Test rows were drawn at random and not from a later time: drift is not in these "
            "figures."
        )
    months = of.metrics["calibration"].get("by_month")
    if months and len(months) < 3:  # noqa: PLR2004  # too few to see a trend
        yield f"The test rows span {some(len(months), 'month')}: no season is in them."


def _drift(of: Dossier) -> Iterator[str]:
    told = of.metrics.get("stability")
    moved = [row["name"] for row in told["features"] if row["level"]] if told else []
    if moved:
        yield f"Moved since training: {_named(moved)}."
    prior = of.metrics["calibration"].get("prior_shift") or {}
    if prior.get("beyond_chance"):
        yield (
            f"The bad rate moved from {share(prior['before'])} to {share(prior['test'])}: levels "
            f"of "
            "P(bad) may be off until it is calibrated anew."
        )


def _missing(of: Dossier) -> Iterator[str]:
    told = of.metrics.get("stability")
    blank = (
        [row["name"] for row in told["features"] if row["missing"] > MANY_MISSING] if told else []
    )
    if blank:
        yield f"Mostly missing in the test rows: {_named(blank)}."


def _calibration(of: Dossier) -> Iterator[str]:
    slope = of.test.get("calibration_slope")
    if slope is not None and not 0.8 <= slope <= 1.25:  # noqa: PLR2004  # a fifth off either way
        word = "too extreme" if slope < 1 else "too timid"
        yield f"Probabilities are {word} in the test rows: slope {slope:.2f}."


def _sample(of: Dossier) -> Iterator[str]:
    if not of.metrics.get("rejects"):
        yield "The declined are not in it: how they would have paid is not known."
    if not of.metrics.get("fairness"):
        yield ("No protected attribute was given: fairness between groups has not been measured.")
    if of.metrics["leakage_allowed"]:
        names = [leak["column"] for leak in of.metrics["leakage_allowed"]]
        yield f"Suspected of leaking, allowed by hand: {_named(names)}."


def _assumed(of: Dossier) -> Iterator[str]:
    told: Mapping[str, Any] = of.metrics.get("bands") or {}
    if told.get("loss_given_default") is not None:
        yield (
            f"Expected loss rests on an assumed loss given default of "
            f"{share(told['loss_given_default'])}."
        )
    if of.cut_off is not None:
        yield "Approvals, reasons and fairness rest on an assumed cut-off, not on a policy."


def _named(names: list[str], *, most: int = 8) -> str:
    said = ", ".join(names[:most])
    return said if len(names) <= most else f"{said} and {len(names) - most} more"


_RULES = (
    _few_bads, _wide, _immature, _window, _drift, _missing, _calibration, _sample, _assumed,
)  # fmt: skip
