"""The rules of the budget: how many tokens of the model an account, and the shop, may use up in a day (UTC).

What a call may cost at most is taken before it and put right after it, in transactions of their own, so that nothing
is open while the model thinks. What is taken counts: however many ask at once, together they never take more than the
limit. Locks are taken in one order, the account's row before the shop's, which all share.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from chalicelib.conversations.assistant.bedrock import usage_sql
from chalicelib.core import clock
from chalicelib.core.config import Bedrock
from chalicelib.core.database import Connection, run

_ALL = 0


class BudgetUsedUp(Exception):
    """No more of the model today: for this account (`account-budget`), or for anybody (`shop-budget`)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Taken:
    """Tokens that were taken for a call, of the budgets of an account and of the shop for a day."""

    account_id: int
    day: date
    tokens: int


def take(config: Bedrock, account_id: int, tokens: int, *, is_first: bool) -> Taken:
    """Take the tokens that a call may use up; the first call of a turn counts it as a request.

    Raises:
        BudgetUsedUp: fewer are left; nothing was taken.
    """
    taken = Taken(account_id, clock.now().date(), tokens)
    run(lambda connection: _take(connection, config, taken, int(is_first)), writes=True)
    return taken


def _take(connection: Connection, config: Bedrock, taken: Taken, requests: int) -> None:
    limits = (
        (taken.account_id, config.tokens_per_account_day, "account-budget"),
        (_ALL, config.tokens_per_day, "shop-budget"),
    )
    for account_id, limit, code in limits:
        day, tokens = taken.day, taken.tokens
        if not usage_sql.take(connection, account_id, day, tokens=tokens, requests=requests, limit=limit):
            raise BudgetUsedUp(code)


def settle(taken: Taken, *, tokens: int, cost_micros: int) -> None:
    """Put right what was taken: `tokens` are what the call has used up."""
    more = tokens - taken.tokens
    if not more and not cost_micros:
        return

    def work(connection: Connection) -> None:
        for account_id in (taken.account_id, _ALL):
            usage_sql.add(connection, account_id, taken.day, tokens=more, cost_micros=cost_micros)

    run(work, writes=True)
