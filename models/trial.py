"""A trial load: a model is parsed and scored by a child process before anything relies on it.

LightGBM can abort the process that parses a text it does not like. A child dies in the
service's place, and what it scores must be what training scored.
"""

import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from credit.errors import InputError
from models.artefact import REFERENCE, Artefact, open_artefact

TRIAL_SECONDS = 120
TRIAL_BYTES = 8 << 30
TRIAL_ROWS = 1000
_MEND = "keep the present champion, and train the model again on this version of Vouch"


@dataclass(frozen=True, slots=True)
class Trials:
    """Which models passed a trial on this machine, by manifest hash: noted in `file`."""

    file: Path

    def hold(self, artefact: Artefact) -> None:
        """InputError where `artefact` does not pass; one that passed before is not tried again."""
        if artefact.manifest_sha256 not in self._passed():
            try_out(artefact)
            self.note(artefact.manifest_sha256)

    def note(self, manifest_sha256: str) -> None:
        """Writes down that this model passed."""
        passed = sorted({*self._passed(), manifest_sha256})
        self.file.parent.mkdir(parents=True, exist_ok=True)
        partial = self.file.with_suffix(f".{manifest_sha256[:8]}.partial")
        partial.write_text(json.dumps({"passed": passed}, indent=1) + "\n", encoding="utf-8")
        partial.replace(self.file)

    def _passed(self) -> frozenset[str]:
        try:
            return frozenset(json.loads(self.file.read_bytes())["passed"])
        except (OSError, ValueError, KeyError, TypeError):
            return frozenset()  # a note that is lost costs a trial, no more


def try_out(artefact: Artefact) -> None:
    """Loads and scores `artefact` in a child process; InputError says how that ended otherwise."""
    # -P: a models.py where this was called from must not answer in the trial's place.
    asked = [sys.executable, "-P", "-m", "models.trial", str(artefact.directory)]
    asked.append(artefact.manifest_sha256)
    try:
        ended = subprocess.run(
            asked,
            check=False,
            capture_output=True,
            text=True,
            timeout=TRIAL_SECONDS,
            preexec_fn=_bounded,  # sets a limit and nothing else
        )
    except subprocess.TimeoutExpired:
        raise _failed(artefact, f"no end within {TRIAL_SECONDS} s") from None
    if ended.returncode:
        last = ended.stderr.strip().splitlines()[-1:] or ["without a word"]
        raise _failed(artefact, f"it ended with {ended.returncode}: {last[0][:200]}")


def _bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (TRIAL_BYTES, TRIAL_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _failed(artefact: Artefact, how: str) -> InputError:
    return InputError(f"{artefact.manifest.version}: its trial load failed ({how})", _MEND)


def _main(directory: str, manifest_sha256: str) -> int:
    """The child: 0 where the model loads and scores its reference rows as training did."""
    from models.score import Scorer

    artefact = open_artefact(Path(directory), manifest_sha256=manifest_sha256)
    scorer = Scorer(artefact)
    if REFERENCE not in artefact.manifest.files:
        scorer.score([{feature.name: None for feature in scorer.features}])
        return 0
    import pyarrow.parquet as pq

    rows = pq.read_table(artefact.reference).slice(0, TRIAL_ROWS)
    promised = rows.column("probability").to_pylist()
    found = scorer.score_table(rows)
    wrong = sum(one != other for one, other in zip(found, promised, strict=True))
    if wrong:
        sys.stderr.write(f"{wrong} of {len(found)} reference rows are scored otherwise than then\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:3]))
