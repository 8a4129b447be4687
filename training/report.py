from pathlib import Path


def write_report(path: Path, *a) -> None:
    path.write_text("x")
