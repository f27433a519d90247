"""The README's walk works as printed: pasted into bash, against a shop as `make run` opens it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.infra.test_server import environment_of, free_port, wait_for

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text()
MARK = "-- next --"


def lines_of(heading: str) -> list[str]:
    """Return what is printed as code below a heading, line by line."""
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [line[4:] for line in section.splitlines() if line.startswith("    ")]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a shop that was opened as `make run` does, with a tiny sample shop on SQLite."""
    port = free_port()
    command = [sys.executable, "-m", "infra.run", "--port", str(port), "--scale", "0.001"]
    environment = environment_of(DATA_DIR=str(tmp_path_factory.mktemp("readme")), LOG_LEVEL="ERROR")
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            wait_for(port, running)
            yield port
        finally:
            running.send_signal(signal.SIGTERM)
            running.communicate(timeout=15)


WALK = lines_of("Buy something") + lines_of("Talk to it")


def said(port: int, lines: list[str]) -> dict[str, str]:
    """Run the lines in one bash, in order; return what each of them printed.

    Fails when a line does, in any part of its pipes, or writes to standard error.
    """
    script = "\n".join(f"{line}\necho '{MARK}'" for line in lines).replace("localhost:8000", f"127.0.0.1:{port}")
    done = subprocess.run(
        ["bash", "-e", "-u", "-o", "pipefail", "-c", script],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    printed = done.stdout.split(f"{MARK}\n")
    return dict(zip(lines, printed[:-1], strict=True))


def of(printed: dict[str, str], part: str) -> str:
    """Return what the one line that has `part` in it printed."""
    [found] = [out for line, out in printed.items() if part in line]
    return found.strip()


def in_json(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


@pytest.fixture(scope="module")
def printed(port: int) -> dict[str, str]:
    """What each line of the walk printed."""
    return said(port, WALK)


def test_the_walk_buys_ships_and_takes_one_item_back_as_printed(printed: dict[str, str]) -> None:
    cart = in_json(of(printed, "country=United+States&state=California"))
    goods = sum(item["unit_price"] * item["quantity"] for item in cart["items"])
    assert [item["quantity"] for item in cart["items"]] == [2, 1]
    assert "Jeans" in cart["items"][0]["name"]
    assert "Socks" in cart["items"][1]["name"]
    assert Decimal(of(printed, "$SOCKS}")) == cart["items_total"] == goods
    assert cart["promotion"] == {"code": "WELCOME10", "applied": True, "problem": None}
    assert Decimal(of(printed, "WELCOME10")) == cart["discount"]
    assert abs(cart["discount"] - goods / 10) <= Decimal("0.005")
    taxed = goods - cart["discount"]
    assert abs(cart["tax"] - taxed * Decimal("0.0725")) <= Decimal("0.005")
    assert cart["shipping"] == (0 if taxed >= 50 else Decimal("4.95"))
    assert cart["total"] == taxed + cart["shipping"] + cart["tax"]

    assert Decimal(of(printed, "$CHECKOUT -H")) == cart["total"]
    assert of(printed, "pm_test_declined") == "Your card has insufficient funds."
    assert of(printed, '/orders/$ORDER -H "$ME" | pick status') == "Processing"
    assert of(printed, "/shipments") == "Shipped"
    assert of(printed, "/deliveries") == "Complete"
    assert of(printed, "/receive") == "Complete"

    [refund] = re.findall(r"'amount': ([\d.]+)", of(printed, "pick refunds"))
    assert "'state': 'succeeded'" in of(printed, "pick refunds")
    # What a unit costs after a tenth off and with tax; shared cents may fall to either side.
    candidates = [item["unit_price"] * Decimal("0.9") * Decimal("1.0725") for item in cart["items"]]
    assert any(abs(Decimal(refund) - each) <= Decimal("0.02") for each in candidates)

    story = [entry["kind"] for entry in in_json(of(printed, "/timeline"))]
    assert story == ["placed", "paid", "shipped", "delivered", "return-requested", "returned", "refunded"]
    assert in_json(of(printed, "/analytics/sales-summary"))
    assert len(in_json(of(printed, "/inventory/movements"))) == 3
    shown = of(printed, "/ai/recommendations").splitlines()
    assert len(shown) == 5
    assert all(" | " in line for line in shown)
    assert len(of(printed, "/similar").splitlines()) == 3
    assert "ndcg10" in of(printed, "/ai/model") or "people" in of(printed, "/ai/model")


def test_the_walk_talks_to_the_assistant_and_to_a_person_as_printed(printed: dict[str, str]) -> None:
    found, cheaper = (
        [Decimal(price) for price in re.findall(r"\$([\d.]+\d)", of(printed, part))]
        for part in ('say "I need jeans', 'say "Cheaper')
    )
    assert found
    assert cheaper
    assert min(found) >= 40
    assert max(found) <= 90
    assert max(cheaper) < min(found)
    asked = of(printed, 'say "Please put')
    assert asked.endswith("Please say yes or no.")
    assert any(f"{price:.2f}" in asked for price in cheaper)
    assert "1 x " in of(printed, 'say "Yes"')
    assert "Bestellung" in of(printed, 'say "Wo ist')
    assert of(printed, 'say "Let me talk')

    [waiting] = in_json(of(printed, "handoff=requested"))
    assert waiting["handoff"] == "requested"
    assert waiting["last_message_type"] == "ai"
    assert of(printed, "$TALK/take-over") == "taken"
    assert of(printed, "/reply") == of(printed, "/messages/") == "Robin here. How can I help?"
    assert isinstance(in_json(of(printed, "low-rated")), list)
    assert "'conversations': " in of(printed, "/analytics/conversations")


def test_the_walk_may_be_taken_twice(port: int, printed: dict[str, str]) -> None:
    again = said(port, WALK)
    for part in ("pm_test_declined", "/shipments", "/deliveries", "/receive"):
        assert of(again, part) == of(printed, part)
    assert "'state': 'succeeded'" in of(again, "pick refunds")


def test_what_the_readme_names_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^    )(?:\w+=\S+ )*make ([a-z-]+)", README, re.MULTILINE))
    assert {"run", "test", "import", "account"} <= named <= targets
    for path in re.findall(r"\]\(([\w./-]+)\)", README) + re.findall(r"`([\w.-]+/(?:[\w.-]+/?)*)`", README):
        assert (ROOT / path).exists() or path.startswith("."), path
