"""The pages of `docs/` that are generated: `python -m console.pages` writes them anew."""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from credit.ledger import hold, loan
from credit.ledger.lifecycle import Transition, diagram
from credit.policy import life
from credit.policy.pages import policies_page, reasons_page
from data.contract_page import contract_page
from features.page import page as features_page

DOCS = Path(__file__).resolve().parent.parent / "docs"


def cli_reference() -> str:
    """Every command with its help, as `docs/cli.md`."""
    from console.app import app

    root = typer.main.get_command(app)
    head = "# Command line\n\nGenerated from the commands themselves (`make docs`).\n"
    tail = (
        "\nEvery command takes `--help`. Exit codes: 0 done; 1 refused or found wanting; 2 bad use "
        "or bad input, with one line that names the thing, the value and the mend.\n"
    )
    return head + "".join(_sections(root, "vouch")) + tail


def _sections(command: typer.core.TyperCommand, name: str) -> Iterator[str]:
    context = typer.Context(command, info_name=name, terminal_width=92)
    subcommands = getattr(command, "commands", {})
    if not subcommands:
        yield f"\n## {name}\n\n```text\n{command.get_help(context).strip()}\n```\n"
    for sub_name, sub in subcommands.items():
        yield from _sections(sub, f"{name} {sub_name}")


def ledger_page() -> str:
    """`docs/ledger.md`: its words as they stand, its diagrams drawn anew from the transitions."""
    return _drawn_anew("ledger.md", hold=hold.TRANSITIONS, loan=loan.TRANSITIONS)


def policy_life_page() -> str:
    """`docs/policy-life.md`, in the same way."""
    return _drawn_anew("policy-life.md", life=life.TRANSITIONS)


def _drawn_anew(name: str, **tables: Sequence[Transition[Any, Any]]) -> str:
    page = (DOCS / name).read_text(encoding="utf-8")
    for what, table in tables.items():
        place = re.compile(rf"(<!-- {what}: .*? -->\n```mermaid\n).*?(```\n)", re.DOTALL)
        page, places = place.subn(rf"\g<1>{diagram(table)}\n\g<2>", page)
        if places != 1:
            raise LookupError(f"docs/{name} has {places} places for the diagram of a {what}")
    return page


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli_reference,
    "data-contract.md": contract_page,
    "features.md": features_page,
    "ledger.md": ledger_page,
    "policies.md": policies_page,
    "policy-life.md": policy_life_page,
    "reasons.md": reasons_page,
}


def main() -> None:
    """Writes every generated page."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
        sys.stdout.write(f"docs/{name}\n")


if __name__ == "__main__":
    main()
