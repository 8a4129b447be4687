"""What a request is refused for before anything is decided, told as the wire names it."""

from collections.abc import Mapping, Sequence

from credit.errors import InputError
from credit.policy.context import ContextField, refuse_undeclared
from credit.policy.evidence import Value
from credit.policy.requests import refuse_foreign_currency
from serving.problems import RequestError


def currency_refused(currency: str, policy_currency: str) -> RequestError | None:
    """The refusal of another currency than the policy's."""
    try:
        refuse_foreign_currency(currency, policy_currency)
    except InputError as error:
        return _refused("CURRENCY_MISMATCH", error, "currency", currency)
    return None


def context_refused(
    context: Mapping[str, Value], declared: Sequence[ContextField]
) -> RequestError | None:
    """The refusal of context that is not as the policy declares it, naming the first fact."""
    try:
        refuse_undeclared(context, declared)
    except InputError as error:
        field = error.problem.partition(" ")[0]  # such as context.NAME
        return _refused("FIELD_INVALID", error, field, context.get(field.partition(".")[2]))
    return None


def _refused(code: str, error: InputError, field: str, value: Value) -> RequestError:
    return RequestError(code, error.problem, error.mend, field=field, value=value)
