"""Which code made a model."""

import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "vouch"


def code_revision(root: Path = ROOT) -> str:
    """`git 1a2b3c4d5e6f` in a checkout (`-changed` where files differ from it), else the release.

    Only a repository that is the code's own counts: an environment may lie in another's.
    """
    if (root / ".git").exists():
        said = _git(root)
        if said:
            return f"git {said}"
    try:
        return f"{PACKAGE} {version(PACKAGE)}"
    except PackageNotFoundError:
        return "unknown"


def _git(root: Path) -> str:
    asked = ["git", "-C", str(root), "describe", "--always", "--exclude=*", "--abbrev=12"]
    try:
        said = subprocess.run(
            [*asked, "--dirty=-changed"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout.strip() if said.returncode == 0 else ""
