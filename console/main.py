"""`vouch`: the command line's entry. Broken input is one line and exit code 2."""

import sys

import typer

from credit.errors import InputError

BAD_INPUT = 2
INTERRUPTED = 130


def main() -> None:
    """Runs the command line; never shows a traceback for what a user can mend."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit code of one command: 0 done, 1 refused or found wanting, 2 bad use or input."""
    from console.app import app

    try:
        code = app(arguments, prog_name="vouch", standalone_mode=False)
    except InputError as error:
        return _complain(str(error))
    except typer.TyperException as error:
        return _complain(f"{error.format_message()} (see {_command(error)} --help)")
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        return 0
    return code if isinstance(code, int) else 0


def _command(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context else "vouch"


def _complain(problem: str) -> int:
    one_line = " ".join(problem.split())
    sys.stderr.write(f"vouch: {one_line}\n")
    return BAD_INPUT


if __name__ == "__main__":
    main()
