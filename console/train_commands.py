"""`vouch train`: a model of a product from histories, or of any labelled table."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from console.histories import require_clean_with_inbox
from console.output import Json, progress_bar, refuse, show
from console.parse import parse_columns, parse_day, parse_monotone
from credit.contract import DEPOSIT_WAIVER, MERCHANT_LOAN
from serving.settings import read_settings

if TYPE_CHECKING:
    from training.product import TrainingResult

app = typer.Typer(help="Train, calibrate, evaluate, report.")
DEFAULT_TRIALS = 12
Data = Annotated[Path, typer.Option(help="Directory of histories in the data contract.")]
SplitAt = Annotated[str | None, typer.Option(help="Test rows are at or after this.")]
TestShare = Annotated[
    float | None, typer.Option(min=0.01, max=0.9, help="Test share, at random by seed.")
]
AsOf = Annotated[str | None, typer.Option(help="Use outcomes matured by this day.")]
Trials = Annotated[int, typer.Option(min=0, help="Settings to try.")]
Seed = Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")]
Out = Annotated[Path | None, typer.Option(help="Directory for report, metrics and model.")]
Columns = list[str] | None  # given more than once, all count
Purge = Annotated[bool, typer.Option("--purge", help="Drop train rows matured after the split.")]

RejectInference = Annotated[
    Literal["none", "parcelling", "fuzzy"],
    typer.Option(help="Whether applicants turned away teach the model, and how."),
]


def _command(product: str) -> Callable[..., None]:
    def train(
        *,
        data: Data,
        split_at: SplitAt = None,
        test_share: TestShare = None,
        as_of: AsOf = None,
        trials: Trials = DEFAULT_TRIALS,
        seed: Seed = 0,
        out: Out = None,
        purge: Purge = False,
        reject_inference: RejectInference = "none",
        as_json: Json = False,
    ) -> None:
        from training.product import train_product

        settings = read_settings()
        with progress_bar(quiet=as_json) as progress:
            require_clean_with_inbox(data, settings, progress)
            result = train_product(
                product,
                data,
                home=settings.home,
                split_at=split_at,
                test_share=test_share,
                as_of=parse_day(as_of, "--as-of") if as_of else None,
                now=settings.now(),
                trials=trials,
                seed=seed,
                out=out,
                purge=purge,
                reject_inference=reject_inference,
                also=(settings.inbox,),
                utc_offset_minutes=settings.utc_offset_minutes,
                engine=settings.engine,
                progress=progress,
            )
        _report(result, as_json=as_json)

    return train


app.command(MERCHANT_LOAN, help="Will this merchant repay an unsecured loan?")(
    _command(MERCHANT_LOAN)
)
app.command(DEPOSIT_WAIVER, help="Will this customer, spared the deposit, pay what is captured?")(
    _command(DEPOSIT_WAIVER)
)


@app.command()
def table(
    file: Annotated[Path, typer.Argument(help="A labelled table: parquet or csv.")],
    *,
    label: Annotated[str, typer.Option(help="Column of 0 (good) and 1 (bad).")],
    out: Annotated[Path, typer.Option(help="Directory for report, metrics and model.")],
    time: Annotated[str | None, typer.Option(help="Column of times, for the split.")] = None,
    split_at: SplitAt = None,
    test_share: TestShare = None,
    drop: Annotated[Columns, typer.Option(help="Columns to leave out, with commas.")] = None,
    monotone: Annotated[Columns, typer.Option(help="COL=+1,COL=-1")] = None,
    protected: Annotated[Columns, typer.Option(help="Columns never used as features.")] = None,
    allow_leakage: Annotated[Columns, typer.Option(help="Columns known to be no leak.")] = None,
    trials: Trials = DEFAULT_TRIALS,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """The same trainer on any labelled table."""
    from training.table import train_table

    settings = read_settings()
    with progress_bar(quiet=as_json) as progress:
        result = train_table(
            file,
            label=label,
            time=time,
            split_at=split_at,
            test_share=test_share,
            drop=parse_columns(drop),
            monotone=parse_monotone(monotone),
            protected=parse_columns(protected),
            allow_leakage=parse_columns(allow_leakage),
            trials=trials,
            seed=seed,
            out=out,
            home=settings.home,
            now=settings.now(),
            progress=progress,
        )
    _report(result, as_json=as_json)


def _report(result: "TrainingResult", *, as_json: bool) -> None:
    show(result, result.lines(), as_json=as_json)
    refuse(found_wanting=bool(result.leaks))
