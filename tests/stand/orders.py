"""What a partner asks for: waived deposits and what becomes of them, each under its own key."""

from datetime import UTC, datetime, timedelta

from tests.stand.client import Request

WAIVERS = "/v1/deposit-waivers"
ALL_OR_NOTHING, IN_PART = "bike", "hotel"  # how far the policy waives


def order(
    number: str,
    *,
    user: str,
    deposit_minor: int = 5_000,
    scene: str = ALL_OR_NOTHING,
    due_at: datetime | None = None,
) -> Request:
    """A deposit to be waived."""
    due = due_at or datetime.now(UTC) + timedelta(days=2)
    body = {
        "out_order_no": number,
        "user_id": user,
        "scene": scene,
        "deposit_minor": deposit_minor,
        "currency": "CNY",
        "due_at": due.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    return Request(WAIVERS, body, f"order-{number}")


def capture(auth_no: str, key: str, *, amount_minor: int, complete: bool = False) -> Request:
    """Charge a hold."""
    body = {"amount_minor": amount_minor, "complete": complete}
    return Request(f"{WAIVERS}/{auth_no}/capture", body, key)


def release(auth_no: str, key: str, *, amount_minor: int | None = None) -> Request:
    """Give back a part of a hold, or all that rests."""
    body = {} if amount_minor is None else {"amount_minor": amount_minor}
    return Request(f"{WAIVERS}/{auth_no}/release", body, key)


def line(user: str, *, limit_minor: int) -> Request:
    """A consumer's line."""
    body = {"limit_minor": limit_minor, "source": "bank"}
    return Request(f"/v1/lines/user/{user}", body, f"line-{user}", method="PUT")
