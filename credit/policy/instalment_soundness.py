"""What fields of the instalment section must be to each other."""

from credit.policy.instalment_terms import HOLDOUT, InstalmentTerms
from credit.policy.knockouts import INSTALMENT_REQUEST_FACTS
from credit.policy.reading import TermsError
from credit.policy.rows_soundness import refuse_knockouts

BOUGHT_MIN = 10  # below, the interval's normal approximation says nothing


def refuse_unsound_instalments(terms: InstalmentTerms) -> None:
    """TermsError for the first rule that the section breaks."""
    if list(terms.counts) != sorted(terms.counts):
        raise TermsError(f"instalment.counts is {list(terms.counts)}", "list them fewest first")
    if terms.order_min_minor > terms.order_max_minor:
        raise TermsError(
            f"instalment.order_min_minor is {terms.order_min_minor}, above "
            f"instalment.order_max_minor {terms.order_max_minor}",
            f"use at most {terms.order_max_minor}",
        )
    refuse_knockouts(
        "instalment",
        terms.knockouts,
        context=terms.context,
        features=(),
        request_facts=INSTALMENT_REQUEST_FACTS,
    )
    if terms.lift.source == HOLDOUT:
        _refuse_no_experiment(terms)


def _refuse_no_experiment(terms: InstalmentTerms) -> None:
    """A lift is called measured only where there was somebody to measure."""
    found = terms.lift.holdout
    for arm, bought, offered in (
        ("treated", found.treated_bought, found.treated_offered),
        ("control", found.control_bought, found.control_offered),
    ):
        if not BOUGHT_MIN <= bought <= offered:
            raise TermsError(
                f"instalment.lift.holdout.{arm}_bought is {bought} of {offered}",
                f"state at least {BOUGHT_MIN}, no more than were offered it, or call the lift an "
                "assumption",
            )
