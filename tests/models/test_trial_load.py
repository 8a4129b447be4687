"""A model is parsed by a child first: one that would kill who loads it kills the child."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit.errors import InputError
from models.artefact import MODEL, open_artefact, write
from models.score import Scorer
from models.trial import Trials, try_out

Make = Callable[..., Path]


@pytest.fixture
def judged(make_artefact: Make, make_world: Callable[..., pa.Table]) -> Path:
    """An artefact whose reference rows carry what it says of them."""
    directory = make_artefact()
    _refer(directory, make_world(50), shift=0.0)
    return directory


def _refer(directory: Path, rows: pa.Table, *, shift: float) -> None:
    artefact = open_artefact(directory)
    said = [chance + shift for chance in Scorer(artefact).score_table(rows)]
    table = rows.append_column("probability", pa.array(said))
    pq.write_table(table, directory / "reference.parquet")
    write(directory, artefact.model_text, artefact.manifest, files=["reference.parquet"])


def test_a_model_that_scores_as_it_did_passes_and_is_not_tried_twice(judged, tmp_path, monkeypatch):
    artefact = open_artefact(judged)
    trials = Trials(tmp_path / "trials.json")
    trials.hold(artefact)
    assert json.loads((tmp_path / "trials.json").read_text())["passed"] == [
        artefact.manifest_sha256
    ]
    monkeypatch.setattr("models.trial.try_out", lambda _: pytest.fail("tried again"))
    trials.hold(artefact)


def test_a_model_that_aborts_lightgbm_is_refused_by_who_lives_on(make_artefact, model_text):
    broken = model_text.replace("num_leaves=", "num_leaves=9", 1)
    artefact = open_artefact(make_artefact(text=broken))
    with pytest.raises(InputError, match="trial load failed") as refused:
        try_out(artefact)
    assert "\n" not in str(refused.value)


def test_a_model_that_scores_otherwise_than_then_is_refused(judged, make_world):
    _refer(judged, make_world(50), shift=0.001)
    with pytest.raises(InputError, match="50 of 50 reference rows"):
        try_out(open_artefact(judged))


def test_what_changes_between_check_and_trial_is_refused(judged):
    artefact = open_artefact(judged)
    (judged / MODEL).write_bytes((judged / MODEL).read_bytes() + b" ")
    with pytest.raises(InputError, match="trial load failed"):
        try_out(artefact)


def test_a_lost_note_costs_a_trial_and_no_more(tmp_path):
    trials = Trials(tmp_path / "models" / "trials.json")
    trials.note("a" * 64)
    trials.file.write_text("{")
    trials.note("b" * 64)
    assert json.loads(trials.file.read_text())["passed"] == ["b" * 64]


def test_what_lies_where_it_was_called_from_does_not_answer_for_it(judged, tmp_path, monkeypatch):
    artefact = replace(open_artefact(judged), manifest_sha256="0" * 64)
    (tmp_path / "models.py").write_text("raise SystemExit(0)")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="SHA-256"):
        try_out(artefact)
