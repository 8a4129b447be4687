"""Requests drawn at random, before a run of the machine puts its own names into them."""

import hypothesis.strategies as st

from tests.records.ledger_model import Accept, Authorise, Happen, Move, Put, Reserve

# Numbers stand for names: those of this run are put in when the request is made. Of a wide range
# one in so many (`is_one_in`) is the odd case: an old key, an old order, somebody else's number.
ANY = st.integers(0, 10_000)
NAMES = st.integers(0, 1)
AMOUNTS = st.integers(1, 20)
ASKED = st.none() | st.integers(1, 8) | st.integers(-1, 25)
LASTS = st.integers(0, 40)
CEILINGS = st.sampled_from([30, 60, 120])
VALID = st.none() | st.none() | st.integers(-1, 20)
MOVES = st.sampled_from(["capture", "capture", "release", "settle"])
EVENTS = st.sampled_from(
    ["disbursed", "repaid", "repaid", "cancelled", "restructured", "written_off"]
)
CAPS = (st.none() | NAMES, st.none() | CEILINGS, st.none() | CEILINGS)
AUTHORISE = st.builds(
    Authorise, NAMES, NAMES, ANY, AMOUNTS, st.integers(0, 20), CEILINGS, LASTS, *CAPS
)
RESERVE = st.builds(Reserve, NAMES, NAMES, ANY, AMOUNTS, CEILINGS, LASTS, *CAPS)
MOVE = st.builds(Move, ANY, ANY, MOVES, ASKED, st.booleans())
ACCEPT = st.builds(Accept, ANY, ANY, NAMES, AMOUNTS)
HAPPEN = st.builds(Happen, ANY, ANY, EVENTS, ASKED)
KINDS = st.sampled_from(["user", "merchant"])
PUT = st.builds(Put, NAMES, KINDS, NAMES, st.integers(0, 60), VALID)
REQUESTS = st.one_of(AUTHORISE, MOVE, MOVE, MOVE, RESERVE, ACCEPT, HAPPEN, HAPPEN, PUT)
DOUBLED = st.one_of(AUTHORISE, RESERVE, MOVE, ACCEPT, HAPPEN)
RUSH = st.one_of(AUTHORISE, RESERVE)  # decisions that meet are recorded with few statements
GROUPS = st.one_of(
    st.lists(st.tuples(kind, ANY), min_size=2, max_size=5) for kind in (REQUESTS, RUSH)
)


def is_one_in(many, number):
    return number % many == 0
