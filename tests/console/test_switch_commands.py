"""Kill switches against those who would slip past them, or throw them at nobody."""

import pytest

from console.main import run


@pytest.fixture
def vouch(tmp_path, monkeypatch, capsys):
    """A command given to a home of its own: exit code, what it said, what it complained of."""
    monkeypatch.setenv("VOUCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("VOUCH_FIXED_NOW", "2026-06-30T12:00:00")

    def command(*arguments):
        code = run(["policy", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def test_a_partner_does_not_let_go_of_what_the_platform_threw_over_its_own_switch(vouch):
    words = ("--partner=city_bikes", "--why=x")
    assert vouch("stop", *words, "--as=city_bikes/mei")[0] == 0
    assert "by platform/ann" in vouch("stop", *words, "--as=ann")[1]
    code, _, complaint = vouch("resume", *words, "--as=city_bikes/mei")
    assert (code, "platform/ann threw this switch" in complaint) == (2, True)
    assert "by platform/ann" in vouch("stop", *words, "--as=city_bikes/mei")[1]
    assert "partner city_bikes: stopped" in vouch("stops")[1]


@pytest.mark.parametrize("words", ["--partner=citybikes", "--scene=Bike "])
def test_a_switch_that_nothing_in_force_answers_to_says_so(words, vouch):
    code, said, _ = vouch("stop", words, "--why=fraud", "--as=ann")
    assert (code, "no policy in force names the" in said) == (0, True)


@pytest.mark.parametrize("words", ["--partner=city_bikes", "--scene=bike", "--scene=ski_set"])
def test_a_switch_that_names_what_is_in_force_says_nothing_more(words, vouch):
    assert len(vouch("stop", words, "--why=fraud", "--as=ann")[1].splitlines()) == 1


def test_a_reason_does_not_forge_a_line_of_history(vouch):
    forged = "--why=x\n2026-11-01T00:00:00+00:00  platform@9  approved  platform/ann"
    lines = len(vouch("history")[1].splitlines())
    said = vouch("stop", "--partner=city_bikes", forged, "--as=city_bikes/mei")[1]
    assert len(said.splitlines()) == len(vouch("stops")[1].splitlines()) == 1
    told = vouch("history")[1].splitlines()
    assert [line for line in told if line.startswith("2026-11-01")] == []
    assert "reason: x 2026-11-01T00:00:00+00:00 platform@9 approved" in told[-1]
    assert lines == 0


@pytest.mark.parametrize("when", ["9999-12-31T23:59:59-23:00", "0001-01-01T00:00+23:00", "soon"])
def test_a_time_beyond_the_calendar_is_one_line(when, vouch):
    code, _, complaint = vouch("publish", "city_bikes@9", "--from", when, "--as=ann")
    assert (code, "--from is" in complaint, complaint.count("\n")) == (2, True, 1)
