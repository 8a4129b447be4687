"""A chunk's payments as rows of the contract."""

import pyarrow as pa

from credit.contract import PAYMENT_KINDS
from data.synthetic.columns import ids, instants, names, schema, table, whole, word
from data.synthetic.industries import INDUSTRIES
from data.synthetic.merchants import Merchants
from data.synthetic.payments import CHANNELS, NOBODY, NOTHING, PAYOUT, Rows

A_CHUNK = 100_000_000  # payment numbers of one chunk
CURRENCY = "CNY"


def payment_table(merchants: Merchants, rows: Rows, chunk: int) -> pa.Table:
    """The rows, in the order in which the platform came to know them."""
    first = chunk * A_CHUNK
    nobody, nothing = rows.user == NOBODY, rows.refers_to == NOTHING
    scenes = [industry.scene for industry in INDUSTRIES]
    scene = merchants.industry[rows.merchant].copy()
    scene[rows.kind == PAYOUT] = NOTHING
    columns = {
        "payment_id": ids("P", first + rows.number, 13),
        "merchant_id": ids("M", merchants.numbers[rows.merchant], 7),
        "user_id": ids("U", rows.user, 8, missing=nobody),
        "kind": names(rows.kind, PAYMENT_KINDS),
        "amount_minor": whole(rows.amount_minor),
        "currency": word(CURRENCY, rows.count),
        "scene": names(scene, scenes),
        "channel": names(rows.channel, CHANNELS),
        "instalments": whole(rows.parts),
        "subsidy_minor": whole(rows.subsidy_minor),
        "refers_to": ids("P", first + rows.refers_to, 13, missing=nothing),
        "occurred_at": instants(rows.occurred),
        "recorded_at": instants(rows.recorded),
    }
    return table(schema("payments"), columns)
