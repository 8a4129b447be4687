"""What may happen to a world from a date on, and which faults its data can be ordered with."""

from dataclasses import dataclass

from credit.errors import InputError

DUPLICATES = "duplicates"
WASH_TRADING = "wash-trading"
MISSING_FEED = "missing-feed"
FAULTS = (DUPLICATES, WASH_TRADING, MISSING_FEED)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story. It begins when `begins` of the time of applications has passed.

    `health` and `stress` shift the latent states of merchants and users, in standard deviations,
    over sixty days; `unseen` shifts every logit at once, with nothing in the features to show it.
    `boost` multiplies trade for `boost_days`. `newcomers` is the share of merchants and users
    who come with a new partner.
    """

    name: str
    story: str
    begins: float = 0.6
    health: float = 0.0
    stress: float = 0.0
    unseen: float = 0.0
    boost: float = 1.0
    boost_days: int = 0
    newcomers: float = 0.0
    faults: tuple[str, ...] = ()


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("calm", "Nothing changes but the seasons."),
        Scenario(
            "downturn",
            "Trade and tempers sour: outcomes worsen, and only part of it shows in histories.",
            health=-0.9,
            stress=0.9,
            unseen=0.8,
        ),
        Scenario(
            "festival",
            "Four weeks of feasts double trade and demand; who repays does not change.",
            boost=2.2,
            boost_days=28,
        ),
        Scenario(
            "wash-trading",
            "A ring of merchants inflates its turnover with few payers, borrows and defaults.",
            faults=(WASH_TRADING,),
        ),
        Scenario(
            "new-partner",
            "A partner joins with younger, smaller merchants and users without credit lines.",
            newcomers=0.3,
        ),
        Scenario(
            "broken-feed",
            "The payments of one partner's merchants stop arriving.",
            faults=(MISSING_FEED,),
        ),
    )
}


def scenario_named(name: str) -> Scenario:
    """The scenario; InputError lists those there are."""
    if name not in SCENARIOS:
        raise InputError(f"no scenario {name!r}", f"use one of {', '.join(SCENARIOS)}")
    return SCENARIOS[name]


def check_faults(faults: tuple[str, ...]) -> None:
    """InputError for a fault that cannot be ordered."""
    unknown = next((fault for fault in faults if fault not in FAULTS), None)
    if unknown is not None:
        raise InputError(f"no fault {unknown!r}", f"use some of {', '.join(FAULTS)}")
