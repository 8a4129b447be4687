"""Taiwanese card clients of 2005 (UCI 350) as consumers with bills: deposit-waiver.

The raw columns count backwards: 1 is September 2005, 6 is April. `PAY_AMTk` was paid in month k
and so pays the bill of the month before, `BILL_AMT(k+1)`.
"""

from data.importers.recognition import DataSet, Part

MONTH_ENDS = {  # k of BILL_AMTk -> the day its statement closes
    1: "2005-09-30",
    2: "2005-08-31",
    3: "2005-07-31",
    4: "2005-06-30",
    5: "2005-05-31",
    6: "2005-04-30",
}
NEXT_MONTH_ENDS = {k: MONTH_ENDS.get(k - 1, "2005-10-31") for k in MONTH_ENDS}
DELAY = {1: "pay0", 2: "pay2", 3: "pay3", 4: "pay4", 5: "pay5", 6: "pay6"}
FIRST_STATEMENT = f"{MONTH_ENDS[6]} 23:59:59"

_CLIENTS = Part(
    "clients",
    dict.fromkeys(
        (
            *("id", "limitbal", "sex", "education", "marriage", "age"),
            *DELAY.values(),
            *(f"billamt{k}" for k in MONTH_ENDS),
            *(f"payamt{k}" for k in MONTH_ENDS),
            "defaultpaymentnextmonth",
        ),
        "BIGINT",
    ),
)


def _bill(k: int, *, paid: str, recorded: str) -> str:
    month = MONTH_ENDS[k][:7]
    return f"""
        SELECT id || '-{month}' AS bill_id, id AS user_id, DATE '{NEXT_MONTH_ENDS[k]}' AS due_on,
            billamt{k} * 100 AS billed_minor, {paid} AS paid_minor,
            30 * greatest({DELAY[k]}, 0) AS past_due_days, limitbal * 100 AS credit_line_minor,
            TIMESTAMP '{recorded} 23:59:59' AS recorded_at
        FROM clients"""


_STATEMENTS = [_bill(k, paid="NULL", recorded=MONTH_ENDS[k]) for k in MONTH_ENDS]
_PAYMENTS = [
    _bill(k, paid=f"payamt{k - 1} * 100", recorded=NEXT_MONTH_ENDS[k]) for k in MONTH_ENDS if k > 1
]
_PROTECTED = """
    SELECT id AS entity_id, unnest([
        {'attribute': 'sex', 'value': CASE sex WHEN 1 THEN 'male' WHEN 2 THEN 'female' END},
        {'attribute': 'education', 'value': CASE education WHEN 1 THEN 'graduate school'
            WHEN 2 THEN 'university' WHEN 3 THEN 'high school' ELSE 'other or unknown' END},
        {'attribute': 'marriage', 'value': CASE marriage WHEN 1 THEN 'married'
            WHEN 2 THEN 'single' ELSE 'other or unknown' END},
        {'attribute': 'age', 'value': CASE WHEN age < 30 THEN 'under 30' WHEN age < 40 THEN '30-39'
            WHEN age < 50 THEN '40-49' WHEN age < 60 THEN '50-59' ELSE '60 and over' END}
    ], recursive := true) FROM clients"""

DATA_SET = DataSet(
    name="taiwan",
    parts=(_CLIENTS,),
    tables={
        "users": f"""
            SELECT id AS user_id, limitbal * 100 AS credit_line_minor,
                TIMESTAMP '{FIRST_STATEMENT}' AS recorded_at FROM clients""",
        "bills": " UNION ALL ".join(_STATEMENTS + _PAYMENTS),
        "outcomes": """
            SELECT 'deposit-waiver' AS product, id AS entity_id, id AS reference_id,
                TIMESTAMP '2005-10-01' AS observed_at, defaultpaymentnextmonth AS bad,
                TIMESTAMP '2005-11-01' AS matured_at FROM clients""",
        "protected": f"SELECT * FROM ({_PROTECTED}) WHERE value IS NOT NULL",
    },
    manifest={
        "product": "deposit-waiver",
        "source": "UCI Machine Learning Repository 350, Default of Credit Card Clients",
        "licence": "CC BY 4.0",
        "attribution": (
            "Yeh, I-C. and Lien, C-H. (2009), The comparisons of data mining techniques for the"
            " predictive accuracy of probability of default of credit card clients, Expert"
            " Systems with Applications 36(2)"
        ),
        "currency": "TWD",
        "label": "bad: the client defaulted on the payment due in October 2005",
        "decisions": [
            "bill k is BILL_AMTk; 1 is September 2005, 6 is April; PAY_0 is the delay of bill 1",
            "a bill is recorded at its month's end, 23:59:59 UTC, and due by the next month's end",
            "past_due_days = 30 * max(PAY_k, 0)",
            (
                "a bill's payment is PAY_AMT of the month after (PAY_AMT1 pays bill 2), a version"
                " recorded one month later; the payment of September's bill is unknown"
            ),
            "LIMIT_BAL is the credit line of the user and of every bill",
            "paid_at is unknown: the data tell a month, not a day",
            (
                "all clients are observed at 2005-10-01 and mature at 2005-11-01: one time, so"
                " training splits at random"
            ),
            "amounts are in NT dollars and become minor units times 100",
            "sex, education, marriage and age go to protected and are never features",
        ],
    },
)
