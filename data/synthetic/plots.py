"""Pictures of a synthetic world, made from its files: `python -m data.synthetic.plots DATA FOLDER`.

They are what `docs/synthetic.md` shows.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np

from credit.contract import DEPOSIT_WAIVER, MERCHANT_LOAN, PRODUCTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Ask = Callable[[str], "dict[str, Any]"]
COLOURS = {MERCHANT_LOAN: "#1f5f8b", DEPOSIT_WAIVER: "#c8702a"}
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SHOWN = ("restaurant", "apparel", "clinic", "education")
TENTHS = 10
DOTS_AN_INCH = 80


def draw(data: Path, folder: Path) -> list[Path]:
    """Every picture of the world at `data`, as small PNG files in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    ask = _asking(data)
    pictures = {
        "synthetic-seasons": (_week, _year),
        "synthetic-turnover": (_tail, _hours),
        "synthetic-risk": (_risk, _reliability),
        "synthetic-arrivals": (_delays, _versions),
    }
    return [_save(folder / f"{name}.png", sides, ask) for name, sides in pictures.items()]


def _asking(data: Path) -> Ask:
    connection = duckdb.connect(config={"threads": "2"})
    views = {"payments": "payments/*.parquet", "truth": "truth/outcomes.parquet"}
    names = ("merchants", "applications", "outcomes", "repayments", "bills", "holds")
    for name, files in (views | {name: f"{name}.parquet" for name in names}).items():
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{data / files}')")
    return lambda query: connection.execute(query).fetchnumpy()


def _save(path: Path, sides: tuple[Callable[["Axes", Ask], None], ...], ask: Ask) -> Path:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.4 * len(sides), 3.2), layout="constrained")
    FigureCanvasAgg(figure)
    for place, side in enumerate(sides):
        axes = figure.add_subplot(1, len(sides), place + 1)
        side(axes, ask)
        axes.spines[["top", "right"]].set_visible(False)
        axes.title.set_fontsize(10)
    figure.savefig(path, dpi=DOTS_AN_INCH, metadata={"Software": None})
    return path


_LOCAL = "occurred_at + INTERVAL 8 HOUR"


def _by_industry(ask: Ask, group: str) -> dict[str, Any]:
    return ask(
        f"SELECT industry, {group} AS x, count(*)::DOUBLE AS payments FROM payments JOIN merchants"
        " USING (merchant_id) WHERE kind = 'payment' GROUP BY ALL ORDER BY 1, 2"
    )


def _week(axes: "Axes", ask: Ask) -> None:
    found = _by_industry(ask, f"isodow({_LOCAL})")
    for name in SHOWN:
        count = found["payments"][found["industry"] == name]
        axes.plot(WEEKDAYS, count / count.mean(), marker="o", markersize=3, label=name)
    axes.set(title="Payments by local weekday (mean 1)", ylim=(0, None))
    axes.legend(frameon=False, fontsize=8)


def _year(axes: "Axes", ask: Ask) -> None:
    found = _by_industry(ask, f"date_trunc('week', {_LOCAL})")
    for name in SHOWN:
        chosen = found["industry"] == name
        weeks, count = found["x"][chosen][1:-1], found["payments"][chosen][1:-1]
        axes.plot(weeks, count / np.median(count), linewidth=1, label=name)
    axes.set(title="Payments by week (median 1)", ylim=(0, None))
    axes.tick_params(axis="x", rotation=30, labelsize=7)


def _tail(axes: "Axes", ask: Ask) -> None:
    found = ask(
        "SELECT sum(amount_minor) / 100.0 AS taken FROM payments WHERE kind = 'payment'"
        " GROUP BY merchant_id ORDER BY taken DESC"
    )["taken"]
    rank = np.arange(1, len(found) + 1)
    axes.loglog(rank, found, color=COLOURS[MERCHANT_LOAN])
    top = found[: max(len(found) // TENTHS, 1)].sum() / found.sum()
    axes.set(title=f"Turnover by rank; the top tenth has {top:.0%}", xlabel="rank", ylabel="CNY")


def _hours(axes: "Axes", ask: Ask) -> None:
    found = _by_industry(ask, f"hour({_LOCAL})")
    for name in SHOWN:
        chosen = found["industry"] == name
        share = found["payments"][chosen] / found["payments"][chosen].sum()
        axes.plot(found["x"][chosen], share, linewidth=1, label=name)
    axes.set(title="Share of payments by local hour", xlabel="hour", ylim=(0, None))
    axes.legend(frameon=False, fontsize=8)


def _risk(axes: "Axes", ask: Ask) -> None:
    for product in PRODUCTS:
        found = ask(f"SELECT probability FROM truth WHERE product = '{product}'")["probability"]
        axes.hist(
            np.log10(found),
            bins=60,
            density=True,
            histtype="step",
            color=COLOURS[product],
            label=product,
        )
    axes.set(title="True P(bad) of all applications", yticks=[])
    axes.set_xticks([-3, -2, -1, 0], ["0.1%", "1%", "10%", "100%"])
    axes.legend(frameon=False, fontsize=8)


def _reliability(axes: "Axes", ask: Ask) -> None:
    for product in PRODUCTS:
        found = ask(
            "SELECT avg(probability) AS told, avg(bad) AS came FROM (SELECT bad, probability,"
            f" ntile({TENTHS}) OVER (ORDER BY probability) AS tenth FROM outcomes JOIN truth"
            f" USING (product, reference_id) WHERE product = '{product}') GROUP BY tenth"
        )
        axes.loglog(found["told"], found["came"], "o", color=COLOURS[product], label=product)
    axes.plot((0.001, 0.5), (0.001, 0.5), color="grey", linewidth=0.8)
    axes.set(title="Outcomes by tenth of true P(bad)", xlabel="true", ylabel="came true")
    axes.legend(frameon=False, fontsize=8)


def _delays(axes: "Axes", ask: Ask) -> None:
    found = ask(
        "SELECT epoch(recorded_at - occurred_at) AS seconds FROM payments USING SAMPLE"
        " 100000 ROWS (reservoir, 1) ORDER BY seconds"
    )["seconds"]
    rest = 1.0 - np.arange(len(found)) / len(found)
    axes.loglog(np.maximum(found, 1.0), rest, color=COLOURS[MERCHANT_LOAN])
    axes.set_xticks([1, 60, 3600, 86400, 604800], ["1 s", "1 min", "1 h", "1 day", "1 week"])
    axes.set(title="Payments not yet on file after", ylabel="share")


def _versions(axes: "Axes", ask: Ask) -> None:
    tables = {
        "payments": "payment_id",
        "repayments": "repayment_id",
        "bills": "bill_id",
        "holds": "hold_id",
    }
    shares = [
        ask(f"SELECT count(*) / count(DISTINCT {key}) AS versions FROM {name}")["versions"][0]
        for name, key in tables.items()
    ]
    axes.barh(list(tables), shares, color=COLOURS[DEPOSIT_WAIVER])
    axes.set(title="Versions of a row")


def main() -> None:
    """Draw the world in the first folder named into the second."""
    for path in draw(Path(sys.argv[1]), Path(sys.argv[2])):
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
