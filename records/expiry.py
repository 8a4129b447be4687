"""Expiry by the database's clock: in small transactions, each whole, by a worker that may die."""

from records import holds, loans
from records.transaction import Transaction

# Others wait for each transaction, and over a slow line it must end before the records' patience
# does, or it would be begun anew for ever.
AT_ONCE = 20


def expire_due(transaction: Transaction, *, limit: int = AT_ONCE) -> int:
    """Expire holds and approvals that are due, at most `limit` of each; how many there were."""
    transaction.write_out()
    due_holds = holds.due(transaction.connection, transaction.now, limit)
    due_loans = loans.due(transaction.connection, transaction.now, limit)
    for hold in due_holds:
        holds.expired(transaction, hold)
    for loan in due_loans:
        loans.expired(transaction, loan)
    return len(due_holds) + len(due_loans)
