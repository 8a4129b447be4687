"""The page a risk officer reads: the verdict, pictures, then tables. No script, no address."""

from collections.abc import Iterator, Sequence
from html import escape

from credit.contract import MERCHANT_LOAN
from monitoring.simulation import charts, tables
from monitoring.simulation.charts import CANDIDATE, CURRENT, FAINT, Row
from monitoring.simulation.cuts import Cut
from monitoring.simulation.figures import Distribution, Figures
from monitoring.simulation.headline import headline_of, major
from monitoring.simulation.intervals import Estimate, Sides
from monitoring.simulation.parity import FOUR_FIFTHS, Parity
from monitoring.simulation.result import Simulation
from monitoring.simulation.style import STYLE

CHARTED = 8
REASONS_CHARTED = 8


def render(simulation: Simulation) -> str:
    """A self-contained HTML page; every name from data is escaped."""
    title = f"{simulation.candidate} against {simulation.current}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        _what(simulation),
        _verdict(simulation),
        *(f'<p class="warning">{escape(one)}</p>' for one in simulation.warnings),
        *(part for one in simulation.products.values() for part in _product(one)),
    ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style><main>"
        + "\n".join(parts)
        + "</main></html>\n"
    )


def _what(simulation: Simulation) -> str:
    current = (simulation.current_sha256 or "none")[:12]
    told = (
        f"Simulated on {simulation.source}: {simulation.covers}."
        f" Candidate {simulation.candidate_sha256[:12]}, current {current}."
        f" Amounts in {simulation.currency}; intervals are 95%."
    )
    return f'<p class="what">{escape(told)}</p>'


def _verdict(simulation: Simulation) -> str:
    sentences = (headline_of([one], simulation.currency) for one in simulation.products.values())
    told = "".join(f"<p><b>{escape(one[0].upper() + one[1:])}.</b></p>" for one in sentences)
    return f'<div class="verdict">{told}</div>'


def _product(figures: Figures) -> Iterator[str]:
    what = "Loans to merchants" if figures.product == MERCHANT_LOAN else "Deposit waivers"
    yield f"<h2>{what}</h2>"
    yield (
        f'<p class="legend"><span><i style="background:{CURRENT}"></i>current</span>'
        f'<span><i style="background:{CANDIDATE}"></i>candidate</span>'
        f"<span>{figures.requests:,} requests for {major(figures.requested_minor)}</span></p>"
    )
    yield '<div class="charts">' + "".join(_pictures(figures)) + "</div>"
    yield "<h3>What a reader must know</h3><ul>"
    yield "".join(f"<li>{escape(one)}</li>" for one in told_plainly(figures))
    yield "</ul><details open><summary>Tables</summary>"
    yield from tables.tables(figures)
    yield "</details>"


def _pictures(figures: Figures) -> Iterator[str]:
    yield _rates(figures)
    yield _money(figures)
    yield _swap(figures)
    yield _realised(figures)
    if figures.distribution is not None:
        yield _distribution(figures.distribution)
    for side, cuts in figures.cuts.items():
        yield _cuts(side, cuts)
    if figures.reasons:
        yield _reasons(figures)
    if judged := [one for one in figures.parity if one.candidate.ratio.value is not None]:
        yield _parity(judged)


def told_plainly(figures: Figures) -> Iterator[str]:
    """What is missing, assumed or left out, in words."""
    ours = figures.realised["candidate"]
    yield (
        f"of {ours.requests:,} that the candidate approves {ours.with_outcome:,} have an outcome,"
        f" {ours.not_matured:,} were lent and have not matured, {ours.without:,} were never lent"
        " (or it is not told); nothing is imputed"
    )
    if figures.unscored:
        yield f"{figures.unscored:,} requests have no P(bad): evidence was not fit, or no model"
    for why, count in figures.left_out.items():
        yield f"{count:,} left out: {why}"
    if figures.same_as_recorded:
        answered, same = figures.same_as_recorded["answered"], figures.same_as_recorded["same"]
        yield f"{same:,} of {answered:,} recorded answers have the outcome that current gives now"
    yield f"intervals of sums: {figures.sums_by}; of shares: Wilson; of their change: paired"
    yield "reasons are those of rules; the model's own are not computed anew"
    yield from figures.notes


def _rates(figures: Figures) -> str:
    rows = [_row(word, sides) for word, sides in figures.rates.items()]
    return charts.dots("Answers", rows, charts.Scale(0.0, 1.0, "{:.1%}".format))


def _row(name: str, sides: Sides) -> Row:
    return Row(name, [(sides.current, CURRENT), (sides.candidate, CANDIDATE)])


def _money(figures: Figures) -> str:
    """Changes of sums as shares of what they are now."""
    sides = [
        ("volume", figures.given_minor),
        ("expected loss", figures.expected_loss_minor),
        *([("expected profit", figures.profit_minor)] if figures.profit_minor else []),
    ]
    rows = [Row(name, [(_relative(one), CANDIDATE)]) for name, one in sides]
    scale = charts.spanning(rows, "{:+.1%}".format, -0.02, 0.02)
    return charts.dots("Change of money, against current", rows, scale)


def _relative(sides: Sides) -> Estimate:
    before, change = sides.current.value, sides.change
    if not before or change.value is None or change.low is None or change.high is None:
        return Estimate(None, None, None)
    whole = abs(before)
    return Estimate(change.value / whole, change.low / whole, change.high / whole)


def _swap(figures: Figures) -> str:
    colours = (CANDIDATE, CURRENT, FAINT, FAINT)
    rows = []
    for one, colour in zip(figures.swap, colours, strict=True):
        risk = "" if one.mean_probability is None else f", P(bad) {one.mean_probability:.1%}"
        rows.append((one.name, [(float(one.requests), f"{one.requests:,}{risk}", colour)]))
    return charts.bars("Who is swapped", rows, room=118)


def _realised(figures: Figures) -> str:
    rows = [
        Row(
            "realised bad rate",
            [(figures.realised[name].rate, colour) for name, colour in _SIDES],
        ),
        Row(
            "expected, of the same",
            [(_bare(figures.realised[name].expected), colour) for name, colour in _SIDES],
        ),
    ]
    scale = charts.spanning(rows, "{:.1%}".format, 0.0, 0.02)
    return charts.dots("Bad rate of approved requests whose outcome is known", rows, scale)


_SIDES = (("current", CURRENT), ("candidate", CANDIDATE))


def _bare(value: float | None) -> Estimate:
    return Estimate(value, value, value)


def _distribution(found: Distribution) -> str:
    cuts = []
    if found.cut_offs:
        for (approve, refer), name, colour in zip(
            found.cut_offs, ("candidate", "current"), (CANDIDATE, CURRENT), strict=True
        ):
            cuts.append((approve, f"{name} approves to {approve:.2%}", colour))
            if refer != approve:
                cuts.append((refer, f"{name} refers to {refer:.2%}", colour))
    heights = [
        (found.requests, FAINT, True),
        (found.current, CURRENT, False),
        (found.candidate, CANDIDATE, False),
    ]
    return charts.steps(
        "P(bad) of requests: all (filled), approved (lines)", found.edges, heights, cuts
    )


def _cuts(side: str, cuts: Sequence[Cut]) -> str:
    rows = [_row(one.name, one.approval) for one in cuts[:CHARTED]]
    return charts.dots(f"Approved, by {side}", rows, charts.Scale(0.0, 1.0, "{:.1%}".format))


def _reasons(figures: Figures) -> str:
    rows = [
        (
            one.code.lower().replace("_", " "),
            [
                (float(one.current), f"{one.current:,}", CURRENT),
                (float(one.candidate), f"{one.candidate:,}", CANDIDATE),
            ],
        )
        for one in figures.reasons[:REASONS_CHARTED]
    ]
    return charts.bars("Reasons that moved most, requests", rows)


def _parity(judged: Sequence[Parity]) -> str:
    rows = [
        Row(
            f"{one.attribute}: {one.value}",
            [(one.current.ratio, CURRENT), (one.candidate.ratio, CANDIDATE)],
        )
        for one in judged
    ]
    scale = charts.spanning(rows, "{:.2f}".format, 0.7, 1.1)
    return charts.dots("Adverse impact ratio; four fifths marked", rows, scale, line=FOUR_FIFTHS)
