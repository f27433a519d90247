"""The tables of experiments: what is tried, and who saw which arm."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, SmallInteger, String, Text

from chalicelib.core.database import BigId, UtcDateTime, shop_table

recommendation_experiments = shop_table(
    "recommendation_experiments",
    Column("id", BigId, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    # draft, running, stopped.
    Column("state", String(16), nullable=False),
    # 1 while it runs, else null: the database itself lets one run at a time.
    Column("running", SmallInteger, unique=True),
    # JSON: [{"name", "share", "overrides": {…}}], the control first.
    Column("arms", Text, nullable=False),
    Column("salt", String(32), nullable=False),
    # How many people each arm was planned to have.
    Column("planned_people", Integer),
    Column("started_at", UtcDateTime),
    Column("stopped_at", UtcDateTime),
    Column("created_by", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    # The last results that the schedule worked out, as JSON.
    Column("results", Text),
    # When the results became final: who saw what is forgotten then.
    Column("closed_at", UtcDateTime),
)

# Who saw which arm, once a person: a customer, or a visitor, with whom this goes. Customers are never deleted; a
# reference would lock the customer behind this row, and forgetting one locks the customer first.
experiment_exposures = shop_table(
    "experiment_exposures",
    Column("id", BigId, primary_key=True),
    Column("experiment_id", ForeignKey("recommendation_experiments.id"), nullable=False),
    Column("customer_id", BigId, index=True),
    Column("visitor_id", ForeignKey("visitors.id", ondelete="CASCADE"), index=True),
    Column("arm", String(12), nullable=False),
    Column("first_at", UtcDateTime, nullable=False),
    CheckConstraint("(customer_id IS NULL) <> (visitor_id IS NULL)", name="one_person"),
    Index("uq_experiment_exposures_customer", "experiment_id", "customer_id", unique=True),
    Index("uq_experiment_exposures_visitor", "experiment_id", "visitor_id", unique=True),
)
