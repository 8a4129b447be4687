"""The page a person reads: the verdict first, then what it rests on. No script, no address."""

from collections.abc import Iterable, Sequence
from html import escape

from models.drift import Shift
from monitoring.figures import Figures
from monitoring.performance import Performance

_LEVELS = ("steady", "moved a little", "moved")
_COLOURS = {
    "drift": "#b3261e",
    "watch": "#9a6700",
    "no drift": "#1a7f37",
    "not enough data": "#57606a",
}
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;
color:#1f2328}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.2rem}
.verdict{border-left:.5rem solid;padding:.6rem 1rem;background:#f6f8fa;font-size:1.1rem}
table{border-collapse:collapse;width:100%}th,td{padding:.25rem .6rem;text-align:right;
border-bottom:1px solid #d0d7de}th:first-child,td:first-child{text-align:left}
summary{cursor:pointer}.bar{display:inline-block;height:.7rem;background:#8c959f}
.now{background:#0969da}
"""


def render(figures: Figures, *, evidently: str | None) -> str:
    """A self-contained HTML page; every name from data is escaped. `evidently`: its file's name."""
    parts = [
        f"<h1>{escape(figures.product)}: {escape(figures.first)} to {escape(figures.last)}</h1>",
        _verdict(figures),
        _facts(figures),
        *_performance(figures.performance, figures),
        *_score("Scores of all applications", figures.score),
        *_score("Scores of those given credit", figures.score_matured),
        *_features(figures.features),
    ]
    if evidently:
        parts.append(f'<p>Columns side by side: <a href="{escape(evidently)}">Evidently</a>.</p>')
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>Monitoring {escape(figures.product)}</title><style>{_STYLE}</style>"
        + "\n".join(parts)
        + "</html>\n"
    )


def _verdict(figures: Figures) -> str:
    colour = _COLOURS[figures.verdict.kind]
    line = escape(figures.verdict.line)
    return f'<p class="verdict" style="border-color:{colour}"><b>{line}</b></p>'


def _facts(figures: Figures) -> str:
    model = figures.model
    return _table(
        ("model", "scored", "approved", "matured", "unscored", "by other models"),
        [
            (
                f"{model['name']}:{model['version']}",
                f"{figures.decisions:,}",
                f"{figures.approved:,}",
                f"{figures.matured:,}",
                f"{figures.unscored:,}",
                f"{figures.by_other_models:,}",
            )
        ],
    )


def _performance(performance: Performance | None, figures: Figures) -> list[str]:
    if performance is None:
        return ["<h2>Performance</h2><p>No approval has matured yet.</p>"]
    rates = [(month.month, month.rate) for month in performance.months]
    rates.append(("all", performance.rate))
    if figures.approvals is not None:
        rates.append(("approved by this policy", figures.approvals))
    rows = [
        (
            name,
            f"{rate.rows:,}",
            f"{rate.bads:,}",
            f"{rate.observed:.2%}",
            f"{rate.low:.2%} to {rate.high:.2%}",
            f"{rate.expected:.2%}",
            f"{rate.z:+.1f}",
        )
        for name, rate in rates
    ]
    heads = ("month", "given credit", "bads", "observed", "99% interval", "expected", "std. errors")
    return [
        "<h2>Performance of matured approvals</h2>",
        _table(heads, rows),
        _ranking(performance),
        _table(("figure", "window", "test rows"), _measures(performance, figures)),
    ]


def _ranking(performance: Performance) -> str:
    ranking = performance.ranking
    if ranking is None:
        return "<p>One class only: no ranking to measure.</p>"
    return (
        f"<p>Gini {ranking.gini:.3f}; their own probabilities promise"
        f" {ranking.promised:.3f} (not under {ranking.low:.3f} by chance). Test rows reach into"
        " the declined, so their Gini is higher whatever happens.</p>"
    )


def _measures(performance: Performance, figures: Figures) -> list[tuple[str, str, str]]:
    names = ("gini", "ks", "brier", "ece")
    return [
        (name, _number(performance.measures[name]), _number(figures.training.get(name)))
        for name in names
    ]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _score(title: str, score: Shift | None) -> list[str]:
    if score is None:
        return []
    return [f"<h2>{title}</h2>", _shift_line(score), _bins(score)]


def _features(features: Sequence[Shift]) -> list[str]:
    worst = sorted(features, key=lambda shift: (-shift.level, -shift.psi))
    blocks = [
        f"<details><summary>{_shift_line(shift)}</summary>{_bins(shift)}</details>"
        for shift in worst
    ]
    return ["<h2>Features of all applications, most moved first</h2>", *blocks] if blocks else []


def _shift_line(shift: Shift) -> str:
    return (
        f"<b>{escape(shift.name)}</b> PSI {shift.psi:.3f} ({_LEVELS[shift.level]}; chance stays"
        f" under {shift.chance:.3f}); missing {shift.missing_reference:.1%} in training,"
        f" {shift.missing_window:.1%} now"
    )


def _bins(shift: Shift) -> str:
    rows = [
        (label, f"{before:.1%}", f"{now:.1%}", before, now) for label, before, now in shift.bins
    ]
    body = "".join(
        f"<tr><td>{escape(label)}</td><td>{said}</td><td>{_bar(before, 'bar')}</td>"
        f"<td>{seen}</td><td>{_bar(now, 'bar now')}</td></tr>"
        for label, said, seen, before, now in rows
    )
    return (
        "<table><tr><th>bin</th><th>training</th><th></th><th>window</th><th></th></tr>"
        f"{body}</table>"
    )


def _bar(share: float, kind: str) -> str:
    return f'<span class="{kind}" style="width:{share * 12:.2f}rem"></span>'


def _table(heads: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"
