"""One key and one time of recording say one thing: what breaks that, and what only looks odd."""

from data.check_opened import EXAMPLES, Opened
from data.check_report import CONTRADICTIONS, Violation, shown
from features.source_files import ROW, ROW_FILE, recorded_or_default
from features.source_values import identifier
from features.sources import repeated_versions, version_hash


def version_conflicts(opened: Opened) -> tuple[Violation, ...]:
    """Rows of one key (and one `recorded_at`) with other content; identical rows are one."""
    needed = {*opened.table.key, *({"recorded_at"} - _defaulted(opened))}
    if opened.table.versioned and not needed <= opened.columns:
        return ()  # the missing column is a violation of its own
    if not set(opened.table.key) <= opened.columns or not _repeat(opened):
        return ()
    count = _conflicts(opened)
    if not count:
        return ()
    version, key = CONTRADICTIONS
    what = version if opened.table.versioned else key
    column = ", ".join(opened.table.version)
    mend = "keep one of the rows" if what == key else "keep one, or record the later one later"
    examples = _examples(opened)
    return (Violation(opened.table.name, column, what, count, examples, mend),)


def falling_payments(opened: Opened) -> tuple[str, ...]:
    """A warning where `paid_minor`, which is cumulative, falls from one version to the next."""
    name = opened.table.name
    if not {"paid_minor", "recorded_at", *opened.table.key} <= opened.columns:
        return ()
    key = ", ".join(identifier(column) for column in opened.table.key)
    earlier = f"lag(paid_minor) OVER (PARTITION BY {key} ORDER BY recorded_at)"
    fell = f"SELECT paid_minor < {earlier} AS fell FROM {opened.view} WHERE paid_minor IS NOT NULL"
    count = opened.fetch(f"SELECT count(*) FROM ({fell}) WHERE fell")[0][0]
    if not count:
        return ()
    return (f"{name}.paid_minor is cumulative and falls between versions {count} times",)


def _defaulted(opened: Opened) -> set[str]:
    return {"recorded_at"} if opened.table.recorded_default else set()


def _values(opened: Opened) -> list[str]:
    names = {name: identifier(name) for name in opened.table.names}
    if default := opened.table.recorded_default:
        names["recorded_at"] = f"{recorded_or_default('recorded_at', default)} AS recorded_at"
    return list(names.values())


def _repeat(opened: Opened) -> bool:
    rows = f"SELECT {', '.join(_values(opened))} FROM {opened.view}"
    found = repeated_versions(opened.connection, opened.table, rows)
    opened.connection.register(f"repeated {opened.table.name}", found)
    return found.num_rows > 0


def _conflicts(opened: Opened) -> int:
    """Contents of repeated versions, each with where it first stands; how many conflict."""
    names = ", ".join(identifier(name) for name in opened.table.names)
    version = ", ".join(identifier(name) for name in opened.table.version)
    rows = f"SELECT {', '.join(_values(opened))}, {ROW}, {ROW_FILE} FROM {opened.view}"
    repeated = f"{version_hash(opened.table)} IN (FROM {_temporary(opened, 'repeated')})"
    contents = _temporary(opened, "contents")
    opened.fetch(
        f"CREATE OR REPLACE TEMP TABLE {contents} AS SELECT {names},"
        f" min(({ROW_FILE}, {ROW})) AS place FROM ({rows}) WHERE {repeated} GROUP BY {names}"
        f" QUALIFY count(*) OVER (PARTITION BY {version}) > 1"
    )
    query = f"SELECT count(*) FROM (SELECT DISTINCT {version} FROM {contents})"
    return opened.fetch(query)[0][0]


def _examples(opened: Opened) -> tuple[str, ...]:
    version = ", ".join(identifier(name) for name in opened.table.version)
    contents = _temporary(opened, "contents")
    numbered = f"row_number() OVER (PARTITION BY {version} ORDER BY place)"
    pairs = opened.fetch(
        f"SELECT * EXCLUDE (place), place[1], place[2] FROM {contents}"
        f" QUALIFY {numbered} <= 2 ORDER BY {version}, place LIMIT {2 * EXAMPLES}"
    )
    return tuple(_example(opened, *pairs[at : at + 2]) for at in range(0, len(pairs), 2))


def _example(opened: Opened, first: tuple, second: tuple) -> str:
    names = opened.table.names
    version = [f"{n}={shown(first[names.index(n)])}" for n in opened.table.version]
    differing = [
        f"{name} {shown(one)} and {shown(other)}"
        for name, one, other in zip(names, first, second, strict=False)
        if one != other
    ]
    places = " and ".join(opened.place(row[-2], row[-1]) for row in (first, second))
    return f"{', '.join(version)}: {places} say {', '.join(differing)}"


def _temporary(opened: Opened, what: str) -> str:
    return identifier(f"{what} {opened.table.name}")
