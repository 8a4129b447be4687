"""The figures as tables: for those who want the numbers."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from monitoring.simulation.cuts import Cut
from monitoring.simulation.figures import Figures
from monitoring.simulation.headline import major, percent, points
from monitoring.simulation.intervals import Estimate, Sides
from monitoring.simulation.parity import Approvals
from monitoring.simulation.realised import Realised

Cell = tuple[str, str]  # what stands there, and in small letters under it


def tables(figures: Figures) -> Iterator[str]:
    """Every table of a product, with its title."""
    yield _table("Answers", ("", "current", "candidate", "change"), _rates(figures))
    yield _table("Money", ("", "current", "candidate", "change"), _money(figures))
    yield _table(
        "Who is swapped",
        ("", "requests", "mean P(bad)", "volume", "expected loss", *_KNOWN),
        _swap(figures),
    )
    yield _table("What came of the approved", ("", "approved", *_KNOWN), _realised(figures))
    for side, cuts in figures.cuts.items():
        yield _table(f"By {side}", _CUT, [_cut(one) for one in cuts])
    if figures.reasons:
        yield _table("Reasons", ("", "current", "candidate", "change"), _reasons(figures))
    if figures.parity:
        heads = ("group", "requests", "current", "candidate", "ratio now", "ratio then", "")
        yield _table("Adverse impact", heads, _parity(figures))


_KNOWN = ("outcome known", "not matured", "without", "bads", "bad rate", "expected")
_CUT = (
    "",
    "requests",
    "current",
    "candidate",
    "change",
    "volume",
    "change",
    "loss, change",
    "bads",
)


def _rates(figures: Figures) -> Iterator[Sequence[Cell]]:
    for word, sides in figures.rates.items():
        yield (
            (word, ""),
            *(_share(one) for one in (sides.current, sides.candidate)),
            (points(sides.change), _ends(sides.change, 100, "{:+.2f}")),
        )


def _money(figures: Figures) -> Iterator[Sequence[Cell]]:
    asked = (major(figures.requested_minor), "")
    yield ("requested", ""), asked, asked, ("", "")
    yield ("volume (best offer, or part waived)", ""), *_sum(figures.given_minor)
    yield ("expected loss", ""), *_sum(figures.expected_loss_minor)
    if figures.profit_minor is not None:
        yield ("expected profit", ""), *_sum(figures.profit_minor)


def _sum(sides: Sides) -> tuple[Cell, Cell, Cell]:
    current, candidate, change = (
        (major(one.value), _ends(one, 0.01, "{:,.0f}"))
        for one in (sides.current, sides.candidate, sides.change)
    )
    return current, candidate, change


def _swap(figures: Figures) -> Iterator[Sequence[Cell]]:
    for one in figures.swap:
        risk = "-" if one.mean_probability is None else f"{one.mean_probability:.2%}"
        yield (
            (one.name, ""),
            (f"{one.requests:,}", f"{one.share:.1%}"),
            (risk, ""),
            (major(one.given_minor), ""),
            (major(one.expected_loss_minor), ""),
            *_known(one.realised),
        )


def _realised(figures: Figures) -> Iterator[Sequence[Cell]]:
    for name in ("current", "candidate"):
        found = figures.realised[name]
        yield (name, ""), (f"{found.requests:,}", ""), *_known(found)
    change = figures.realised_change
    if change.value is not None:
        told = (points(change), _ends(change, 100, "{:+.2f}"))
        yield ("change", ""), *[("", "")] * 5, told, ("", "")


def _known(found: Realised) -> tuple[Cell, ...]:
    expected = "-" if found.expected is None else f"{found.expected:.2%}"
    return (
        (f"{found.with_outcome:,}", ""),
        (f"{found.not_matured:,}", ""),
        (f"{found.without:,}", ""),
        (f"{found.bads:,}", ""),
        (percent(found.rate, 2), _ends(found.rate, 100, "{:.2f}")),
        (expected, ""),
    )


def _cut(one: Cut) -> Sequence[Cell]:
    given, loss, found = one.given_minor, one.expected_loss_minor, one.realised
    return (
        (one.name, ""),
        (f"{one.requests:,}", ""),
        _share(one.approval.current),
        _share(one.approval.candidate),
        (points(one.approval.change), _ends(one.approval.change, 100, "{:+.2f}")),
        (major(given.candidate.value), ""),
        (major(given.change.value), _ends(given.change, 0.01, "{:,.0f}")),
        (major(loss.change.value), _ends(loss.change, 0.01, "{:,.0f}")),
        (
            f"{found.bads:,} of {found.with_outcome:,}",
            f"{found.not_matured + found.without:,} not known",
        ),
    )


def _reasons(figures: Figures) -> Iterator[Sequence[Cell]]:
    for one in figures.reasons:
        yield (
            (one.code, one.message),
            (f"{one.current:,}", ""),
            (f"{one.candidate:,}", ""),
            (f"{one.candidate - one.current:+,}", ""),
        )


def _parity(figures: Figures) -> Iterator[Sequence[Cell]]:
    for one in figures.parity:
        below = "below four fifths" if one.candidate.is_below else ""
        yield (
            (f"{one.attribute}: {one.value}", ""),
            (f"{one.requests:,}", ""),
            _share(one.current.rate),
            _share(one.candidate.rate),
            _ratio(one.current),
            _ratio(one.candidate),
            ("too few to judge" if one.few else below, ""),
        )


def _ratio(found: Approvals) -> Cell:
    value = found.ratio.value
    return "-" if value is None else f"{value:.2f}", _ends(found.ratio, 1, "{:.2f}")


def _share(one: Estimate) -> Cell:
    return percent(one), _ends(one, 100, "{:.1f}")


def _ends(one: Estimate, times: float, spelt: str) -> str:
    if one.low is None or one.high is None:
        return ""
    return f"{spelt.format(one.low * times)} to {spelt.format(one.high * times)}"


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return f"<h3>{escape(title)}</h3><table><tr>{head}</tr>{body}</table>"


def _cell(cell: Cell) -> str:
    told, small = cell
    below = f"<small>{escape(small)}</small>" if small else ""
    return f"<td>{escape(told)}{below}</td>"


def rows_in_text(figures: Figures) -> Iterator[str]:
    """Rates and money as lines, for a terminal."""
    for row in (*_rates(figures), *_money(figures)):
        name, *cells = row
        current, candidate, change = (f"{told} ({ends})" if ends else told for told, ends in cells)
        change = f", change {change}" if change else ""
        yield f"{name[0]}: {current} now, {candidate} then{change}"
