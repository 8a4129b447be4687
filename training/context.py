"""What is known of the rows beside what is learnt from: who they are, who is not among them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.artefact import Artefact
from training.unseen.augmentation import NONE
from training.unseen.rejects import Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One entry of every array a row of the sample; what is not known is None.

    `protected` holds words by attribute: looked at by evaluation alone. `champion` is the
    model in service, `reject_inference` how those `rejected` taught the new one, `days_to_bad`
    when each bad went bad, `mix` what was asked for, whose mix is compared by month; `maturity`
    and `duplicates` are what `metrics.json` says under those names.
    """

    protected: Mapping[str, Any] | None = None
    amount_minor: Any = None
    days_to_bad: Any = None
    mix: Mapping[str, Any] | None = None
    rejected: Rejected | None = None
    reject_inference: str = NONE
    champion: Artefact | None = None
    maturity: Mapping[str, Any] | None = None
    duplicates: Mapping[str, Any] | None = None


NOTHING = Context()
