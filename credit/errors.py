"""What goes wrong outside our code: broken input, or a world that is not there."""


class InputError(Exception):
    """Input that cannot be used: one line that names the thing, the value and the mend.

    The command line prints it and exits with code 2; the service answers problem details.
    """

    def __init__(self, problem: str, mend: str = "") -> None:
        super().__init__(f"{problem}; {mend}" if mend else problem)
        self.problem = problem
        self.mend = mend


class ContradictionError(InputError):
    """Rows that ought to say one thing, and do not; which of them holds, they cannot tell."""
