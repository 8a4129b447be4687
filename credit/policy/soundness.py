"""What fields of a policy must be to each other, beyond what each must be alone."""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from credit.money import MILLION, as_number
from credit.policy.bands import Band
from credit.policy.instalment_soundness import refuse_unsound_instalments
from credit.policy.instalment_terms import InstalmentTerms
from credit.policy.knockouts import LOAN_REQUEST_FACTS, WAIVER_REQUEST_FACTS
from credit.policy.loan_terms import LoanTerms
from credit.policy.reading import TermsError
from credit.policy.rows_soundness import refuse_knockouts
from credit.policy.waiver_terms import WaiverTerms

_SCENE = re.compile(r"[a-z0-9][a-z0-9_]{0,47}")  # as in the names of documents
CANDIDATES_MAX = 24  # each is scored: more would cost more than they are worth


def refuse_unsound(loan: LoanTerms, waiver: WaiverTerms, instalment: InstalmentTerms) -> None:
    """TermsError for the first rule that the sections break."""
    for loan_rule in LOAN_RULES:
        loan_rule(loan)
    for waiver_rule in WAIVER_RULES:
        waiver_rule(waiver)
    refuse_unsound_instalments(instalment)


def _amounts_in_order(loan: LoanTerms) -> None:
    _refuse_above(
        "loan.amount_min_minor",
        loan.amount_min_minor,
        "loan.amount_max_minor",
        loan.amount_max_minor,
    )


def _terms_in_order(loan: LoanTerms) -> None:
    if not loan.terms_days or list(loan.terms_days) != sorted(loan.terms_days):
        raise TermsError(f"loan.terms_days is {list(loan.terms_days)}", "list them shortest first")


def _loan_cutoffs_in_order(loan: LoanTerms) -> None:
    _refuse_cutoffs("loan", loan.approve_probability_max_ppm, loan.refer_probability_max_ppm)


def _rates_in_order(loan: LoanTerms) -> None:
    _refuse_rate("apr_floor", loan.price.apr_floor_ppm, loan.price.apr_cap_ppm)
    standing = loan.price.funding_rate_ppm + loan.price.margin_rate_ppm
    _refuse_rate("funding_rate + margin_rate", standing, loan.price.apr_cap_ppm)


def _counter_offers_in_order(loan: LoanTerms) -> None:
    shares, terms = loan.counter_shares_ppm, loan.counter_terms_days
    if not all(above > below for above, below in pairwise((MILLION, *shares, 0))):
        shown = [as_number(share) for share in shares]
        raise TermsError(f"loan.counter_shares is {shown}", "list shares falling between 1 and 0")
    if list(terms) != sorted(terms):
        raise TermsError(f"loan.counter_terms_days is {list(terms)}", "list them shortest first")
    tried = (1 + len(shares)) * (1 + len(terms))
    if tried > CANDIDATES_MAX:
        raise TermsError(
            f"loan.counter_shares and counter_terms_days make {tried} loans to score",
            f"list fewer: at most {CANDIDATES_MAX}, the request and its terms among them",
        )


def _loan_bands_hold(loan: LoanTerms) -> None:
    _refuse_broken_bands("loan.bands", loan.bands)
    for name in ("amount_max_minor", "turnover_multiple_ppm"):
        _refuse_rising("loan.bands", name, [getattr(band, name) for band in loan.bands])


def _loan_knockouts_hold(loan: LoanTerms) -> None:
    refuse_knockouts(
        "loan",
        loan.knockouts,
        context=loan.context,
        features=loan.knockout_features,
        request_facts=LOAN_REQUEST_FACTS,
    )


def _waiver_cutoffs_in_order(waiver: WaiverTerms) -> None:
    _refuse_cutoffs("waiver", waiver.approve_probability_max_ppm, waiver.refer_probability_max_ppm)


def _waiver_bands_hold(waiver: WaiverTerms) -> None:
    _refuse_broken_bands("waiver.bands", waiver.bands)
    for name in ("credit_share_ppm", "credit_max_minor"):
        _refuse_rising("waiver.bands", name, [getattr(band, name) for band in waiver.bands])


def _waiver_knockouts_hold(waiver: WaiverTerms) -> None:
    refuse_knockouts(
        "waiver",
        waiver.knockouts,
        context=waiver.context,
        features=waiver.knockout_features,
        request_facts=WAIVER_REQUEST_FACTS,
    )


def _scenes_hold(waiver: WaiverTerms) -> None:
    if not waiver.scenes:
        raise TermsError("waiver.scenes is empty", "state at least one scene")
    for name in waiver.scenes:
        if not _SCENE.fullmatch(name):
            raise TermsError(f"waiver.scenes holds {name!r}", "use small letters, digits and _")
    named = {f"scenes.{name}": scene for name, scene in waiver.scenes.items()}
    for name, scene in {"new_scene": waiver.new_scene, **named}.items():
        path = f"waiver.{name}"
        _refuse_above(
            f"{path}.credit_max_minor",
            scene.credit_max_minor,
            f"{path}.deposit_max_minor",
            scene.deposit_max_minor,
        )


LOAN_RULES: tuple[Callable[[LoanTerms], None], ...] = (
    _amounts_in_order,
    _terms_in_order,
    _loan_cutoffs_in_order,
    _rates_in_order,
    _counter_offers_in_order,
    _loan_bands_hold,
    _loan_knockouts_hold,
)
WAIVER_RULES: tuple[Callable[[WaiverTerms], None], ...] = (
    _waiver_cutoffs_in_order,
    _waiver_bands_hold,
    _waiver_knockouts_hold,
    _scenes_hold,
)


def _refuse_above(low_name: str, low: int, high_name: str, high: int) -> None:
    if low > high:
        raise TermsError(f"{low_name} is {low}, above {high_name} {high}", f"use at most {high}")


def _refuse_cutoffs(section: str, approve_ppm: int, refer_ppm: int) -> None:
    if approve_ppm > refer_ppm:
        raise TermsError(
            f"{section}.approve_probability_max is {as_number(approve_ppm)}, above "
            f"{section}.refer_probability_max {as_number(refer_ppm)}",
            "let the refer cut-off be at least the approve cut-off",
        )


def _refuse_rate(name: str, rate_ppm: int, cap_ppm: int) -> None:
    if rate_ppm > cap_ppm:
        raise TermsError(
            f"loan.price.{name} is {as_number(rate_ppm)}, above apr_cap {as_number(cap_ppm)}",
            f"use at most {as_number(cap_ppm)}",
        )


def _refuse_broken_bands(path: str, bands: Sequence[Band]) -> None:
    edges = [0, *(band.probability_to_ppm for band in bands)]
    for place, band in enumerate(bands):
        _refuse_band_edge(f"{path}[{place + 1}]", band, edges[place])
    if edges[-1] != MILLION:
        raise TermsError(f"{path} end at {as_number(edges[-1])}", "let the last reach to 1")
    names = [band.name for band in bands]
    if len(set(names)) != len(names):
        raise TermsError(f"{path} are called {', '.join(names)}", "give each its own name")


def _refuse_band_edge(path: str, band: Band, begins_ppm: int) -> None:
    begin, end = band.probability_from_ppm, band.probability_to_ppm
    if begin != begins_ppm:
        fault = "overlaps the band before it" if begin < begins_ppm else "leaves a gap before it"
        raise TermsError(
            f"{path}.probability_from is {as_number(begin)}: {band.name} {fault}",
            f"use {as_number(begins_ppm)}",
        )
    if end <= begin:
        raise TermsError(
            f"{path}.probability_to is {as_number(end)}, not above probability_from "
            f"{as_number(begin)}",
            "let a band end above where it begins",
        )


def _refuse_rising(path: str, name: str, values: Sequence[int]) -> None:
    for place, (better, worse) in enumerate(pairwise(values), start=2):
        if worse > better:
            raise TermsError(
                f"{path}[{place}].{name.removesuffix('_ppm')} is above that of the band before it",
                "a riskier band may not be given more",
            )
