"""Who gives a command: `--as`, or the login name; and what is refused, as one line."""

import getpass
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from console.output import show
from credit.errors import InputError

if TYPE_CHECKING:
    from credit.ledger.lifecycle import Refused
    from credit.policy.powers import Actor

As = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="NAME",
        help="Who does this: PARTNER/person, or a person of the platform; else the login name.",
    ),
]
BAD_INPUT = frozenset({"FORBIDDEN", "VERSION_TAKEN", "NOT_ON_RECORD"})


def actor(name: str | None) -> "Actor":
    """The person that `--as` names, and for whom they speak."""
    from credit.policy.powers import parse_actor

    if name is not None:
        return parse_actor(name)
    try:
        return parse_actor(getpass.getuser())
    except (OSError, KeyError, ImportError):
        raise InputError("nobody is logged in", "say who you are with --as NAME") from None


def tell_refused(refused: "Refused", *, as_json: bool) -> NoReturn:
    """Ends the command: exit 2 for what may never be, exit 1 for what may not be now."""
    if refused.code in BAD_INPUT:
        raise InputError(refused.problem, refused.mend)
    show({"refused": refused}, [f"{refused.problem}; {refused.mend}"], as_json=as_json)
    raise typer.Exit(1)
