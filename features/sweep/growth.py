"""Arrays that grow with the entities they hold one place for."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def grown(values: NDArray[Any], length: int) -> NDArray[Any]:
    """`values` with zeros added along the last axis, up to `length`."""
    if values.shape[-1] >= length:
        return values
    wider = np.zeros((*values.shape[:-1], length), values.dtype)
    wider[..., : values.shape[-1]] = values
    return wider
