"""How much of a deposit may be waived: all, a part, or none."""

from collections.abc import Mapping
from dataclasses import dataclass

from credit.money import part_down, whole_minor
from credit.policy.evidence import Value
from credit.policy.knockouts import known_number
from credit.policy.room import WHY_NO_ROOM, Room
from credit.policy.waiver_terms import SceneTerms, WaiverTerms

RISK, BAND, SCENE, USER = "risk_share", "band_ceiling", "scene_ceiling", "user_room"
_WHY = {RISK: "RISK_ALLOWS_PART", **WHY_NO_ROOM}


@dataclass(frozen=True, slots=True)
class Waived:
    """What is waived, the ceilings it is the least of, and the one that held it down."""

    credit_minor: int
    legs: tuple[tuple[str, int], ...]
    binding: str

    @property
    def reason(self) -> str:
        """Why no more is waived."""
        if self.binding == RISK and dict(self.legs)[RISK] == 0:
            return "PROBABILITY_ABOVE_CUTOFF"
        return _WHY.get(self.binding, "DEPOSIT_ABOVE_CEILING")


def waived(
    deposit_minor: int,
    *,
    share_ppm: int,
    band_max_minor: int,
    scene: SceneTerms,
    terms: WaiverTerms,
    values: Mapping[str, Value],
    room: Room,
) -> Waived:
    """The part of a deposit that the line may stand in for.

    A part that the scene does not allow, or too small to be worth it, is none at all.
    """
    legs = [
        (RISK, part_down(deposit_minor, share_ppm)),
        (BAND, band_max_minor),
        (SCENE, scene.credit_max_minor),
        (USER, user_room_minor(values, terms)),
    ]
    legs.extend(room.legs())
    binding, least = min(legs, key=lambda leg: leg[1])
    credit = max(0, min(least, deposit_minor))
    if credit < deposit_minor and (not scene.partial_allowed or credit < terms.credit_min_minor):
        credit = 0
    return Waived(credit, tuple(legs), binding)


def user_room_minor(values: Mapping[str, Value], terms: WaiverTerms) -> int:
    """What the user's ceiling leaves beside deposits waived already.

    Where those are not known the ceiling stands alone: the line's room, which the ledger keeps
    exactly, binds in any case.
    """
    open_minor = known_number(values, terms.open_credit_feature)
    return terms.user_max_minor - (0 if open_minor is None else whole_minor(open_minor))
