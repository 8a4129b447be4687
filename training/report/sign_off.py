"""Governance and sign-off: who answers for the model, and what they answer for."""

from training.report.dossier import Dossier
from training.report.markup import Markup, element, join

_ROLES = (
    ("Model owner", "uses it as stated, answers for its limits"),
    ("Developer", "made it as stated here"),
    ("Independent validator", "did not make it; challenged data, method and figures"),
    ("Fair lending", "weighed fairness and the alternatives searched"),
    ("Risk committee", "approves, approves with conditions, or declines"),
)


def sign_off(of: Dossier) -> Markup:
    """Lines to sign on, one a role, for this version alone."""
    return join(
        element("p", f"For {of.manifest.product} {of.manifest.version} and no other version."),
        element("div", *(_line(role, what) for role, what in _ROLES), class_="sign"),
        element("h3", "Conditions and next review"),
        element("div", class_="rule"),
        element("div", class_="rule"),
    )


def _line(role: str, what: str) -> Markup:
    return element(
        "div",
        element("b", role),
        element("small", what),
        element("div", class_="rule"),
        element("small", "name"),
        element("div", class_="rule"),
        element("small", "signature and date"),
    )
