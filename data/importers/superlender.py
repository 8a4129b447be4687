"""Unsecured micro-loans of a Nigerian lender (2016-2017): merchant-loan.

Customers stand for merchants. Only the loans of July 2017 have outcomes. Of earlier loans the
data hold those that were closed: survivors, whose history never shows a default.
"""

from data.importers.recognition import DataSet, Part

_LOAN = {
    "customerid": "VARCHAR",
    "systemloanid": "BIGINT",
    "approveddate": "TIMESTAMP",
    "loanamount": "DECIMAL(18,2)",
    "totaldue": "DECIMAL(18,2)",
    "termdays": "BIGINT",
}
_LOANS = Part("loans", {**_LOAN, "goodbadflag": "VARCHAR"})
_EARLIER = Part(
    "previous_loans",
    {
        **_LOAN,
        "closeddate": "TIMESTAMP",
        "firstduedate": "TIMESTAMP",
        "firstrepaiddate": "TIMESTAMP",
    },
)
_CUSTOMERS = Part(
    "customers", {"customerid": "VARCHAR", "bankaccounttype": "VARCHAR"}, needed=False
)
ONE_INSTALMENT_DAYS = 30  # loans of up to so many days are due at once, on the first due date
BAD_AFTER_DAYS = 31  # after approval and term an outcome is final

_EARLIER_LOANS = """
    SELECT systemloanid AS loan_id, customerid AS merchant_id, loanamount * 100 AS principal_minor,
        totaldue * 100 AS total_due_minor, termdays AS term_days, approveddate AS disbursed_at,
        {status} AS status, {recorded} AS recorded_at FROM previous_loans"""
_INSTALMENT = f"""
    SELECT systemloanid || '-1' AS repayment_id, systemloanid AS loan_id,
        CAST(CASE WHEN termdays <= {ONE_INSTALMENT_DAYS} THEN firstduedate
            ELSE approveddate + to_days(CAST(termdays AS INTEGER)) END AS DATE) AS due_on,
        totaldue * 100 AS due_minor, {{paid}} AS paid_minor, {{paid_at}} AS paid_at,
        {{recorded}} AS recorded_at FROM previous_loans WHERE {{where}}"""
_SCHEDULED = _INSTALMENT.format(
    paid="CAST(NULL AS BIGINT)", paid_at="NULL", recorded="approveddate", where="TRUE"
)
_FIRST_PAID = _INSTALMENT.format(
    paid="NULL",
    paid_at="firstrepaiddate",
    recorded="firstrepaiddate",
    where=f"termdays > {ONE_INSTALMENT_DAYS} AND firstrepaiddate < closeddate",
)
_CLOSED = _INSTALMENT.format(
    paid="totaldue * 100", paid_at="closeddate", recorded="closeddate", where="TRUE"
)

DATA_SET = DataSet(
    name="superlender",
    parts=(_LOANS, _EARLIER, _CUSTOMERS),
    tables={
        "merchants": """
            SELECT customerid AS merchant_id, min(approveddate) AS recorded_at FROM (
                SELECT customerid, approveddate FROM loans
                UNION ALL SELECT customerid, approveddate FROM previous_loans
                UNION ALL SELECT customerid, NULL FROM customers
            ) GROUP BY customerid""",
        "loans": " UNION ALL ".join(
            (
                _EARLIER_LOANS.format(status="'active'", recorded="approveddate"),
                _EARLIER_LOANS.format(status="'closed'", recorded="closeddate"),
            )
        ),
        "repayments": f"{_SCHEDULED} UNION ALL {_FIRST_PAID} UNION ALL {_CLOSED}",
        "applications": """
            SELECT systemloanid AS application_id, 'merchant-loan' AS product,
                customerid AS entity_id, loanamount * 100 AS requested_minor,
                termdays AS term_days, approveddate AS applied_at, 'approve' AS outcome,
                loanamount * 100 AS approved_minor, approveddate AS recorded_at FROM loans""",
        "outcomes": f"""
            SELECT 'merchant-loan' AS product, customerid AS entity_id,
                systemloanid AS reference_id, approveddate AS observed_at,
                loanamount * 100 AS amount_minor, termdays AS term_days,
                CASE lower(goodbadflag) WHEN 'bad' THEN 1 WHEN 'good' THEN 0 END AS bad,
                approveddate + to_days(CAST(termdays + {BAD_AFTER_DAYS} AS INTEGER)) AS matured_at
            FROM loans WHERE lower(goodbadflag) IN ('good', 'bad')""",
    },
    left_out={
        "loans without a good_bad_flag": """
            SELECT count(*) FROM loans
            WHERE coalesce(lower(goodbadflag), '') NOT IN ('good', 'bad')"""
    },
    manifest={
        "product": "merchant-loan",
        "source": "SuperLender loan default prediction challenge",
        "licence": "challenge terms: test use only, do not redistribute",
        "attribution": "SuperLender, data science challenge on loan default prediction",
        "currency": "NGN",
        "label": "bad: good_bad_flag is Bad, as the lender settled the loan of July 2017",
        "decisions": [
            "customers are the merchants, known from their first approval on",
            (
                "outcomes come from good_bad_flag alone; observed at approveddate, matured at"
                f" approveddate + termdays + {BAD_AFTER_DAYS} days"
            ),
            (
                "loans of July 2017 are applications with outcomes; they have no row in loans or"
                " repayments"
            ),
            "an earlier loan is recorded at its approval and again, closed, at closeddate",
            (
                f"earlier loans of up to {ONE_INSTALMENT_DAYS} days have one instalment, due at"
                " firstduedate and paid in full when recorded at closeddate"
            ),
            (
                "longer ones are due at approveddate + termdays; their first repayment is a version"
                " at firstrepaiddate whose paid_minor is unknown, their closing one paid in full"
            ),
            "all earlier loans are closed: survivors, so no history shows a default",
            (
                "times carry no zone and are taken as UTC; creationdate (always an hour earlier or"
                " more) is not used"
            ),
            "amounts are in naira and become minor units times 100",
        ],
    },
)
