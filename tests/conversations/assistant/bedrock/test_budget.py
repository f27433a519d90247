"""The budget on both engines: by account and for the shop, by day, and with many who ask at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine

from chalicelib.conversations.assistant.bedrock import budget, usage_sql
from chalicelib.conversations.assistant.bedrock.budget import BudgetUsedUp, Taken
from chalicelib.core import clock
from chalicelib.core.config import Bedrock
from chalicelib.core.database import run

TODAY = date(2026, 11, 27)
CONFIG = Bedrock("amazon.nova-lite-v1:0", tokens_per_account_day=1_000, tokens_per_day=2_500)


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 27, 23, 59, tzinfo=UTC))


def used(account_id: int, day: date = TODAY) -> tuple[int, int, int] | None:
    row = run(lambda connection: usage_sql.find_usage(connection, account_id, day), writes=False)
    return None if row is None else (row.requests, row.tokens, row.cost_micros)


def test_what_is_taken_counts_at_once_and_is_put_right_afterwards(shop: Engine) -> None:
    first = budget.take(CONFIG, 5, 400, is_first=True)
    assert first == Taken(5, TODAY, 400)
    assert used(5) == used(0) == (1, 400, 0)
    budget.settle(first, tokens=150, cost_micros=11)
    second = budget.take(CONFIG, 5, 400, is_first=False)
    budget.settle(second, tokens=0, cost_micros=0)
    assert used(5) == used(0) == (1, 150, 11)


def test_an_account_ends_where_its_budget_does(shop: Engine) -> None:
    budget.take(CONFIG, 5, 1_000, is_first=True)
    with pytest.raises(BudgetUsedUp) as refused:
        budget.take(CONFIG, 5, 1, is_first=True)
    assert refused.value.code == "account-budget"
    assert used(5) == used(0) == (1, 1_000, 0)
    budget.take(CONFIG, 6, 1_000, is_first=True)


def test_all_accounts_end_where_the_budget_of_the_shop_does(shop: Engine) -> None:
    for account_id in (5, 6):
        budget.take(CONFIG, account_id, 1_000, is_first=True)
    with pytest.raises(BudgetUsedUp) as refused:
        budget.take(CONFIG, 7, 501, is_first=True)
    assert refused.value.code == "shop-budget"
    assert used(7) is None, "what was taken of the account's is given back"
    budget.take(CONFIG, 7, 500, is_first=True)
    assert used(0) == (3, 2_500, 0)


def test_a_new_day_has_a_new_budget_and_what_began_yesterday_is_yesterdays(
    shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = budget.take(CONFIG, 5, 1_000, is_first=True)
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 28, 0, 1, tzinfo=UTC))
    budget.take(CONFIG, 5, 900, is_first=True)
    budget.settle(late, tokens=200, cost_micros=3)
    assert (used(5), used(5, date(2026, 11, 28))) == ((1, 200, 3), (1, 900, 0))


def test_without_a_budget_nothing_is_taken(shop: Engine) -> None:
    none = replace(CONFIG, tokens_per_account_day=0)
    with pytest.raises(BudgetUsedUp):
        budget.take(none, 5, 1, is_first=True)
    with pytest.raises(BudgetUsedUp):
        budget.take(replace(CONFIG, tokens_per_day=0), 5, 1, is_first=True)
    assert used(5) is None


def test_however_many_ask_at_once_no_limit_is_passed(shop: Engine) -> None:
    """24 threads of 4 accounts: the limits are reached exactly, and what is put right adds up."""
    wide = replace(CONFIG, tokens_per_account_day=1_000, tokens_per_day=3_000)

    def ask(number: int) -> Taken | None:
        try:
            return budget.take(wide, 1 + number % 4, 200, is_first=True)
        except BudgetUsedUp:
            return None

    with ThreadPoolExecutor(24) as pool:
        taken = [each for each in pool.map(ask, range(48)) if each is not None]
    assert len(taken) == 15
    assert used(0) == (15, 3_000, 0)
    by_account = [used(account_id) or (0, 0, 0) for account_id in range(1, 5)]
    assert max(tokens for _, tokens, _ in by_account) <= 1_000
    assert sum(tokens for _, tokens, _ in by_account) == 3_000
    with ThreadPoolExecutor(15) as pool:
        list(pool.map(lambda each: budget.settle(each, tokens=50, cost_micros=2), taken))
    assert used(0) == (15, 750, 30)
    assert sum((used(account_id) or (0, 0, 0))[1] for account_id in range(1, 5)) == 750
