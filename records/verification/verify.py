"""Is the ledger what was written, is it all there, and does it add up?"""

from collections.abc import Callable, Iterator
from itertools import islice

from sqlalchemy import select

from credit.progress import Progress
from records.anchors import Anchors
from records.chain import Head
from records.store import Records, RecordsUnavailableError
from records.tables import BATCHES
from records.verification.counters_check import check_counters
from records.verification.holdings_check import check_holds, check_loans
from records.verification.inbox_check import check_inbox
from records.verification.journal_check import check_journal
from records.verification.lines_check import check_lines, check_subjects
from records.verification.policies_check import check_policies
from records.verification.report import FAULTS_TOLD, LedgerReport, Tally
from records.verification.snapshots import PAGE_ROWS

_SEALED = select(BATCHES.c.batch, BATCHES.c.last_seq, BATCHES.c.sealed_at, BATCHES.c.sha256)


def verify(
    records: Records,
    *,
    anchors: Anchors | None = None,
    progress: Progress | None = None,
    faults_told: int = FAULTS_TOLD,
) -> LedgerReport:
    """Hold the whole ledger against itself, while others may write to it.

    The chain is recomputed from every column of every row, then held against the anchors noted
    outside the database; names against their tokens; holds, loans and lines against the operations
    that made them what they are; concentration counters against holds and loans; policies and
    switches against their events; rows of the inbox against their hashes. Reads in pages, each on
    one state of the records. Of each kind of thing at most `faults_told` faults are told one by
    one.
    """
    names = (
        "chain",
        "anchors",
        "journal",
        "subjects",
        "holds",
        "loans",
        "lines",
        "counters",
        "policies",
        "inbox",
    )
    told = {name: Tally(name, faults_told) for name in names}
    heads = anchors.read() if anchors else iter(())
    checks: tuple[tuple[str, Callable[[], None]], ...] = (
        ("chain", lambda: check_journal(records, told["chain"], told["journal"], progress)),
        ("anchors", lambda: _check_anchors(records, heads, told["anchors"])),
        ("subjects", lambda: check_subjects(records, told["subjects"])),
        ("holds", lambda: check_holds(records, told["holds"])),
        ("loans", lambda: check_loans(records, told["loans"])),
        ("lines", lambda: check_lines(records, told["lines"])),
        ("counters", lambda: check_counters(records, told["counters"])),
        ("policies", lambda: check_policies(records, told["policies"])),
        ("inbox", lambda: check_inbox(records, told["inbox"])),
    )
    for name, check in checks:
        if progress:
            progress(name, 1.0 if name != "chain" else 0.0)
        try:
            check()
        except RecordsUnavailableError as error:
            told[name].fault(f"cannot be read to its end: {error}")
    return LedgerReport(tuple(tally.check() for tally in told.values()))


def _check_anchors(records: Records, heads: Iterator[Head], told: Tally) -> None:
    while page := list(islice(heads, PAGE_ROWS)):
        with records.reading() as connection:
            query = _SEALED.where(BATCHES.c.batch.in_([head.batch for head in page]))
            sealed = {row.batch: Head(*row) for row in connection.execute(query)}
        told.saw("anchors", len(page))
        for head in page:
            if head.batch and sealed.get(head.batch) != head:
                found = "is another one" if head.batch in sealed else "is not there"
                told.fault(f"batch {head.batch} (to seq {head.seq}), noted outside, {found}")
