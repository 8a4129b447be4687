"""A British wholesaler's invoices (UCI 352) as payments; its customers are the merchants."""

from data.importers.recognition import DataSet, Part

_LINES = Part(
    "lines",
    {
        "invoiceno": "VARCHAR",
        "stockcode": "VARCHAR",
        "quantity": "BIGINT",
        "invoicedate": "TIMESTAMP",
        "unitprice": "DECIMAL(18,4)",
        "customerid": "BIGINT",
    },
)
_CANCELLED = "starts_with(invoiceno, 'C')"
_PAID = f"customerid IS NOT NULL AND NOT {_CANCELLED} AND quantity > 0 AND unitprice > 0"
_RETURNED = f"customerid IS NOT NULL AND {_CANCELLED} AND quantity < 0 AND unitprice > 0"
# A cancelled line stands on an invoice that sold the same thing to the same customer at the same
# price, in at least that quantity; the latest invoice on which all lines stand is meant.
_FOUND = f"""
    SELECT back.invoiceno, sold.invoiceno AS refers_to, max(sold.invoicedate) AS sold_at,
        count(DISTINCT (back.stockcode, back.unitprice)) AS lines
    FROM (SELECT * FROM lines WHERE {_RETURNED}) back
    JOIN (SELECT * FROM lines WHERE {_PAID}) sold
    ON back.customerid = sold.customerid AND back.stockcode = sold.stockcode
        AND back.unitprice = sold.unitprice AND -back.quantity <= sold.quantity
        AND sold.invoicedate <= back.invoicedate
    GROUP BY ALL"""
_WANTED = f"""
    SELECT invoiceno, count(DISTINCT (stockcode, unitprice)) AS lines
    FROM lines WHERE {_RETURNED} GROUP BY invoiceno"""
_MATCHED = f"""
    SELECT invoiceno, max_by(refers_to, (sold_at, refers_to)) AS refers_to
    FROM ({_FOUND}) JOIN ({_WANTED}) USING (invoiceno, lines) GROUP BY invoiceno"""
_INVOICES = """
    SELECT invoiceno, any_value(customerid) AS customerid, max(invoicedate) AS happened_at,
        round(abs(sum(quantity * unitprice)) * 100) AS amount_minor
    FROM lines WHERE {which} GROUP BY invoiceno
    HAVING round(abs(sum(quantity * unitprice)) * 100) > 0"""
_PAYMENT = """
    SELECT invoiceno AS payment_id, customerid AS merchant_id, '{kind}' AS kind, amount_minor,
        'GBP' AS currency, {refers_to} AS refers_to, happened_at AS occurred_at,
        happened_at AS recorded_at
    FROM ({invoices}) {matched}"""
_PAYMENTS = _PAYMENT.format(
    kind="payment", refers_to="NULL", invoices=_INVOICES.format(which=_PAID), matched=""
)
_REFUNDS = _PAYMENT.format(
    kind="refund",
    refers_to="refers_to",
    invoices=_INVOICES.format(which=_RETURNED),
    matched=f"LEFT JOIN ({_MATCHED}) USING (invoiceno)",
)


def _invoices_without(which: str) -> str:
    return f"""
        SELECT count(*) FROM (
            SELECT invoiceno FROM lines WHERE {which} GROUP BY invoiceno
            HAVING coalesce(bool_and(customerid IS NULL), TRUE))"""


DATA_SET = DataSet(
    name="onlineretail",
    parts=(_LINES,),
    tables={
        "merchants": """
            SELECT customerid AS merchant_id, min(invoicedate) AS recorded_at
            FROM lines WHERE customerid IS NOT NULL GROUP BY customerid""",
        "payments": f"{_PAYMENTS} UNION ALL {_REFUNDS}",
    },
    left_out={
        "invoices without a customer": _invoices_without(f"NOT {_CANCELLED}"),
        "cancellations without a customer": _invoices_without(_CANCELLED),
        "invoices of a customer with nothing to pay": f"""
            SELECT count(*) FROM (
                SELECT invoiceno FROM lines WHERE customerid IS NOT NULL AND NOT {_CANCELLED}
                GROUP BY invoiceno HAVING NOT bool_or(quantity > 0 AND unitprice > 0))""",
        "lines of a customer that are free or not positive": f"""
            SELECT count(*) FROM lines WHERE customerid IS NOT NULL AND NOT {_CANCELLED}
            AND NOT (quantity > 0 AND unitprice > 0)""",
    },
    manifest={
        "product": None,
        "source": "UCI Machine Learning Repository 352, Online Retail",
        "licence": "CC BY 4.0",
        "attribution": (
            "Chen, D., Sain, S. and Guo, K. (2012), Data mining for the online retail industry,"
            " Journal of Database Marketing and Customer Strategy Management 19(3)"
        ),
        "currency": "GBP",
        "label": None,
        "decisions": [
            "customers are the merchants, known from their first invoice on",
            (
                "one payment an invoice: the sum of its lines with positive quantity and price,"
                " postage and manual lines included, rounded to the penny"
            ),
            "one refund a cancellation (invoice number with C): the sum of its lines",
            (
                "refers_to is the customer's latest earlier invoice that holds every cancelled line"
                " at its price in at least its quantity; empty where there is none"
            ),
            (
                "lines without a CustomerID belong to no merchant and are left out, adjustments of"
                " bad debt (A) among them"
            ),
            "an invoice with lines of several minutes has the time of the last one",
            "times carry no zone and are taken as UTC",
        ],
    },
)
