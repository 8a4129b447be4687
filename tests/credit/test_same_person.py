"""Four eyes are two people's: one of them does not become two by spelling."""

import pytest

from credit.errors import InputError
from credit.policy.powers import parse_actor


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann", "platform/Ann"),
        ("ann lee", "platform/ann  lee"),
        ("ann.lee", "city_bikes/ann-lee"),
        ("ann", "platform/\uff21\uff4e\uff4e"),
        ("ren\u00e9", "platform/rene\u0301"),
        ("stra\u00dfe", "STRASSE"),
    ],
)
def test_one_name_spelled_in_two_ways_is_one_person(one, other):
    assert parse_actor(one).is_same_person(parse_actor(other))


def test_two_names_are_two_people():
    assert not parse_actor("ann").is_same_person(parse_actor("anna"))


@pytest.mark.parametrize("name", ["ann\u200b", "\u202eann", "an\u00adn", "platform/ann\u2028"])
def test_letters_that_nobody_sees_are_in_no_name(name):
    with pytest.raises(InputError, match="--as is"):
        parse_actor(name)
