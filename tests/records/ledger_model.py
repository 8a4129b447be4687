"""The ledger as one would keep it on paper: what every request must come to, in dicts and sums.

It shares nothing with the code under test, neither `credit.ledger` nor `records`. Time is whole
seconds; an outcome is a tuple: `("answer", number, what it must say)`, `("refused", code)`,
`("conflict", which)`, `("no room", used, shares)`, `("line", ...)` or `("expired", how many)`. An
answer that was given before has the number that it had.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Authorise:
    """A waiver; `authorized` 0: declined, nothing is held.

    `partner_cap`, `industry_cap`: the most that all of the partner, of the industry, may have open.
    """

    partner: str
    user: str
    order: str
    deposit: int
    authorized: int
    ceiling: int
    lasts: int
    industry: str | None = None
    partner_cap: int | None = None
    industry_cap: int | None = None


@dataclass(frozen=True)
class Reserve:
    partner: str
    merchant: str
    order: str
    amount: int
    ceiling: int
    lasts: int
    industry: str | None = None
    partner_cap: int | None = None
    industry_cap: int | None = None


@dataclass(frozen=True)
class Move:
    partner: str
    auth_no: str
    move: str
    amount: int | None
    complete: bool


@dataclass(frozen=True)
class Accept:
    partner: str
    decision_id: str
    loan_no: str
    amount: int


@dataclass(frozen=True)
class Happen:
    partner: str
    loan_no: str
    event: str
    amount: int | None


@dataclass(frozen=True)
class Put:
    partner: str
    kind: str
    name: str
    limit: int
    valid_for: int | None


@dataclass(frozen=True)
class Expire:
    """The worker's turn."""


@dataclass
class Line:
    limit: int | None = None
    valid_until: int | None = None


@dataclass
class Hold:
    partner: str
    user: str
    order: str
    deposit: int
    authorized: int
    expires: int
    industry: str | None
    captured: int = 0
    released: int = 0
    settled: int = 0
    state: str = "AUTHORIZED"
    done: list = field(default_factory=list)

    def amounts(self):
        return (self.authorized, self.captured, self.released, self.settled, self.state)

    def rest(self):
        return self.authorized - self.captured - self.released

    def exposure(self):
        return self.rest() + self.captured - self.settled


@dataclass
class Loan:
    partner: str
    merchant: str
    principal: int
    expires: int
    industry: str | None
    repaid: int = 0
    released: int = 0
    lost: int = 0
    state: str = "RESERVED"
    loan_no: str | None = None
    done: list = field(default_factory=list)

    def amounts(self):
        return (self.principal, self.repaid, self.released, self.lost, self.state)

    def exposure(self):
        return self.principal - self.repaid - self.released - self.lost


class Model:
    """What stands, and what was answered."""

    def __init__(self):
        self.now = 0
        self.lines, self.holds, self.loans = {}, {}, {}
        self.kept, self.orders = {}, {}  # content and answer, by (partner, key) and by order
        self.rows = 0  # of the journal
        self.answers = 0

    def used(self, kind, name):
        """What is open under a line, added up."""
        holds = (
            one.exposure() for one in self.holds.values() if ("user", one.user) == (kind, name)
        )
        loans = (
            one.exposure()
            for one in self.loans.values()
            if ("merchant", one.merchant) == (kind, name)
        )
        return sum(holds) + sum(loans)

    def shares(self, asked):
        """What is open of a request's product: of its partner's, and of its industry's."""
        among = self.holds if isinstance(asked, Authorise) else self.loans
        return self.counted(among, asked.partner, asked.industry)

    def counted(self, among, partner, industry):
        """What a partner and an industry have open among holds, or among loans, added up."""
        own = sum(one.exposure() for one in among.values() if one.partner == partner)
        if industry is None:
            return {("partner", partner): own}
        alike = sum(one.exposure() for one in among.values() if one.industry == industry)
        return {("partner", partner): own, ("industry", industry): alike}

    def apply(self, request, key, fresh):
        """What a request comes to; `fresh` names the hold or loan that it may make."""
        if isinstance(request, Put | Expire):
            return self._put(request) if isinstance(request, Put) else ("expired", self.expire())
        content, answer = self.kept.get((request.partner, key), (request, None))
        if content != request:
            return ("conflict", "KEY")
        outcome = answer or self._effect(request, fresh)
        if outcome[0] == "answer":
            self.kept[request.partner, key] = (request, outcome)
        return outcome

    def expire(self):
        """Ends what is due; how many there were."""
        holds = [it for it in self.holds.values() if self._is_due(it, "AUTHORIZED")]
        loans = [it for it in self.loans.values() if self._is_due(it, "RESERVED")]
        for one in holds:
            self._expire_hold(one)
        for one in loans:
            self._expire_loan(one)
        return len(holds) + len(loans)

    def _is_due(self, one, state):
        return one.state == state and one.expires <= self.now

    def _expire_hold(self, hold):
        self._note(hold, "expire", hold.rest())
        hold.released += hold.rest()
        hold.state = "CLOSED"

    def _expire_loan(self, loan):
        self._note(loan, "expire", loan.exposure())
        loan.released += loan.exposure()
        loan.state = "EXPIRED"

    def _put(self, put):
        self.rows += 1
        until = None if put.valid_for is None else self.now + put.valid_for
        self.lines[put.kind, put.name] = Line(put.limit, until)
        return ("line", self.used(put.kind, put.name), put.limit, until)

    def _effect(self, request, fresh):
        if isinstance(request, Authorise | Reserve):
            order = (request.partner, type(request), request.order)
            standing, answer = self.orders.get(order, (request, None))
            if standing != request:
                return ("conflict", "REFERENCE")
            outcome = answer or self._decide(request, fresh)
            if outcome[0] == "answer":
                self.orders[order] = (request, outcome)
            return outcome
        effects = {Move: self._move, Accept: self._accept, Happen: self._happen}
        return effects[type(request)](request)

    def _decide(self, asked, fresh):
        hold = isinstance(asked, Authorise)
        amount = asked.authorized if hold else asked.amount
        subject = ("user", asked.user) if hold else ("merchant", asked.merchant)
        line, after = self.lines.get(subject, Line()), self.used(*subject) + amount
        over = after > asked.ceiling or (line.limit is not None and after > line.limit)
        late = line.valid_until is not None and line.valid_until <= self.now
        caps = {"partner": asked.partner_cap, "industry": asked.industry_cap}
        shares = self.shares(asked)
        capped = any(
            caps[kind] is not None and used + amount > caps[kind]
            for (kind, _), used in shares.items()
        )
        if amount and (over or late or capped):
            return ("no room", self.used(*subject), shares)
        self.rows += 1  # the decision
        if not amount:
            return self._answer({"outcome": "decline", "hold": None})
        if not hold:
            self.loans[fresh] = Loan(
                asked.partner, asked.merchant, amount, self.now + asked.lasts, asked.industry
            )
            self._note(self.loans[fresh], "reserve", amount)
            return self._answer({"outcome": "approve"})
        opened = Hold(
            asked.partner,
            asked.user,
            asked.order,
            asked.deposit,
            amount,
            self.now + asked.lasts,
            asked.industry,
        )
        self.holds[fresh] = opened
        self._note(opened, "authorize", amount)
        return self._answer({"outcome": "approve", "hold": shown_hold(fresh, opened)})

    def _move(self, asked):
        hold = self.holds.get(asked.auth_no)
        if hold is None or hold.partner != asked.partner:
            return ("refused", "AUTH_ORDER_NOT_EXIST")
        if self._is_due(hold, "AUTHORIZED"):
            self._expire_hold(hold)
        settles = asked.move == "settle"
        if hold.state != "AUTHORIZED" and not settles:
            return ("refused", f"ORDER_ALREADY_{hold.state}")
        most = hold.captured - hold.settled if settles else hold.rest()
        amount = most if asked.amount is None else asked.amount
        if not 1 <= amount <= most:
            return ("refused", "REQUEST_AMOUNT_EXCEED")
        part = {"capture": "captured", "release": "released", "settle": "settled"}[asked.move]
        setattr(hold, part, getattr(hold, part) + amount)
        if asked.complete and asked.move == "capture":
            hold.released += hold.rest()
        if hold.state == "AUTHORIZED" and hold.rest() == 0:
            hold.state = "FINISHED" if hold.captured else "CLOSED"
        self._note(hold, asked.move, amount)
        return self._answer(shown_hold(asked.auth_no, hold))

    def _accept(self, asked):
        loan = self.loans.get(asked.decision_id)
        if loan is None or loan.partner != asked.partner:
            return ("refused", "NOT_FOUND")
        if self._is_due(loan, "RESERVED"):
            self._expire_loan(loan)
        if loan.state != "RESERVED":
            return ("refused", "ILLEGAL_STATUS")
        if not 1 <= asked.amount <= loan.principal:
            return ("refused", "REQUEST_AMOUNT_EXCEED")
        loan.principal, loan.loan_no, loan.state = asked.amount, asked.loan_no, "ACCEPTED"
        self._note(loan, "accept", asked.amount)
        return self._answer(shown_loan(loan))

    def _happen(self, asked):
        loans = self.loans.values()
        known = {it.loan_no: it for it in loans if it.loan_no and it.partner == asked.partner}
        loan = known.get(asked.loan_no)
        if loan is None:
            return ("refused", "NOT_FOUND")
        running = {"repaid", "restructured", "written_off"}
        possible = {
            "ACCEPTED": {"disbursed", "cancelled"},
            "ACTIVE": running,
            "RESTRUCTURED": running,
        }
        if asked.event not in possible.get(loan.state, ()):
            return ("refused", "ILLEGAL_STATUS")
        out = loan.exposure()
        amount = out if asked.amount is None else asked.amount
        if not 1 <= amount <= out:
            return ("refused", "REQUEST_AMOUNT_EXCEED")
        self._loan_after(loan, asked.event, amount, out)
        self._note(loan, asked.event, out if asked.event == "cancelled" else amount)
        return self._answer(shown_loan(loan))

    def _loan_after(self, loan, event, amount, out):
        if event == "repaid":
            loan.repaid += amount
            loan.state = loan.state if loan.exposure() else "CLOSED"
            return
        keeps = {"disbursed": "ACTIVE", "restructured": "RESTRUCTURED"}
        loan.state = keeps.get(event, event.upper())
        if event == "written_off":
            loan.lost += amount
        loan.released += out if event == "cancelled" else out - amount

    def _note(self, one, move, amount):
        self.rows += 1
        one.done.append((move, amount))

    def _answer(self, said):
        self.answers += 1
        return ("answer", self.answers, said)


def shown_hold(auth_no, hold):
    """What an answer must say of a hold."""
    return {
        "auth_no": auth_no,
        "out_order_no": hold.order,
        "state": hold.state,
        "deposit_minor": hold.deposit,
        "deposit_due_minor": hold.deposit - hold.authorized,
        "authorized_minor": hold.authorized,
        "captured_minor": hold.captured,
        "released_minor": hold.released,
        "rest_minor": hold.rest(),
        "exposure_minor": hold.exposure(),
        "operations": list(hold.done),
    }


def shown_loan(loan):
    """What an answer must say of a loan."""
    return {
        "loan_no": loan.loan_no,
        "state": loan.state,
        "amount_minor": loan.principal,
        "repaid_minor": loan.repaid,
        "released_minor": loan.released,
        "written_off_minor": loan.lost,
        "exposure_minor": loan.exposure(),
        "operations": list(loan.done),
    }
