"""Where approval ends, as far as a training can say: a policy decides with more than a model."""

from typing import Any

import numpy as np

APPROVED_SHARE = 0.7


def cut_off(probability: Any, *, approved_share: float = APPROVED_SHARE) -> float:
    """The P(bad) at or below which `approved_share` of the rows lie.

    Given out-of-fold probabilities, so that test rows choose nothing.

    >>> cut_off([0.1, 0.2, 0.3, 0.4], approved_share=0.5)
    0.2
    """
    return float(np.quantile(probability, approved_share, method="inverted_cdf"))
