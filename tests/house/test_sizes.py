"""Functions and files stay small enough to be read at once."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "console",
    "credit",
    "data",
    "features",
    "models",
    "monitoring",
    "records",
    "serving",
    "training",
)
LINES_OF_A_FUNCTION = 60
LINES_OF_A_FILE = 400
FORBIDDEN_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "manager"}


def _sources() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((ROOT / room).rglob("*.py"))


def _long_functions(source: str) -> list[str]:
    nodes = ast.walk(ast.parse(source))
    functions = (n for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return [
        f"{node.name} ({node.end_lineno - node.lineno + 1} lines)"
        for node in functions
        if node.end_lineno - node.lineno + 1 > LINES_OF_A_FUNCTION
    ]


@pytest.mark.parametrize("path", _sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_can_be_read_at_once(path: Path) -> None:
    source = path.read_text()
    assert len(source.splitlines()) <= LINES_OF_A_FILE
    assert not _long_functions(source)
    assert path.stem not in FORBIDDEN_NAMES


def test_a_function_of_61_lines_is_found() -> None:
    body = "\n".join("    pass" for _ in range(LINES_OF_A_FUNCTION))
    assert _long_functions(f"def long():\n{body}\n") == ["long (61 lines)"]
