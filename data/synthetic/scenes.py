"""Scenes in which a deposit may be waived: what is asked, for how long, and how it goes."""

from dataclasses import dataclass, fields

import numpy as np

from data.synthetic.period import Floats


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene: what is asked, how long orders last, how they end.

    Deposits lie around `deposit_minor`, in steps of `step_minor`; orders last around `hours`,
    with logarithmic `spread`; `hour` is the usual local hour of an order. `late` is how often a
    good customer brings things back late, `damage` how often one is charged and pays; `risk`
    shifts the logit of a deposit that stays unpaid.
    """

    name: str
    partner: str
    share: float
    deposit_minor: int
    step_minor: int
    variety: float
    hours: float
    spread: float
    hour: int
    late: float
    damage: float
    risk: float


_SCENES = """
self_service_retail freshbox     .16   8000  1000 .30    2 .5 19 .02 .03  .15
bike                city-wheels  .24  19900  9900 .25    2 .8 14 .06 .02 -.25
power_bank          volt-share   .22   9900  9900 .05    6 .9 17 .08 .03  .10
umbrella            drizzle      .08   5000  1000 .05   24 .6 15 .15 .02  .00
hotel               inn-group    .15  40000 10000 .50   48 .7 16 .03 .04 -.15
clinic              care-point   .08  60000 10000 .50   12 .9 10 .02 .03 -.35
school              campus-lib   .07  50000 10000 .60 1000 .7 11 .12 .04  .30
"""


def _scene(line: str) -> Scene:
    kinds = [field.type for field in fields(Scene)]
    return Scene(*(kind(cell) for kind, cell in zip(kinds, line.split(), strict=True)))


SCENES = tuple(_scene(line) for line in _SCENES.strip().splitlines())
NAMES = tuple(scene.name for scene in SCENES)
NEW_PARTNER = "scan-and-go"
PARTNERS = (*(scene.partner for scene in SCENES), NEW_PARTNER)


def column(field: str) -> Floats:
    """One number of every scene, by place in `SCENES`."""
    return np.array([getattr(scene, field) for scene in SCENES], dtype=np.float64)
