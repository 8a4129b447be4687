"""What an order at a merchant's till looks like on the wire."""

from serving.shapes import Field, Kind, Shape

INSTALMENT_ORDER = Shape(
    "InstalmentOrder",
    (
        Field("merchant_id", Kind.NAME, "The merchant at whose till it is"),
        Field("order_amount_minor", Kind.AMOUNT, "What the order costs, in minor units"),
        Field("currency", Kind.CURRENCY, "ISO 4217; the policy's"),
        Field(
            "out_order_no",
            Kind.TEXT,
            "Yours; one order is decided once. Without it nothing is ordered",
            required=False,
        ),
        Field(
            "subsidy_used_minor",
            Kind.LIMIT,
            "What the merchant has paid of fees this month, as you count it. Without it its budget "
            "is held against this order alone",
            required=False,
        ),
        Field(
            "context",
            Kind.CONTEXT,
            "Facts by name, as the policy in force declares them; nobody's name belongs here",
            required=False,
        ),
    ),
    {
        "merchant_id": "m000042",
        "order_amount_minor": 600_000,
        "currency": "CNY",
        "out_order_no": "order-2026-000123",
        "subsidy_used_minor": 1_250_000,
    },
)
