"""Alembic's environment: runs the migrations on the connection that it is handed (see `infra.migrate`)."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from chalicelib.accounts import tables as _accounts  # noqa: F401  (declares its tables)
from chalicelib.analytics.alerts import alert_tables as _alerts  # noqa: F401
from chalicelib.analytics.customers import customer_tables as _customers  # noqa: F401
from chalicelib.analytics.forecast import forecast_tables as _forecast  # noqa: F401
from chalicelib.analytics.funnel import funnel_tables as _funnel  # noqa: F401
from chalicelib.analytics.returns import return_tables as _returns  # noqa: F401
from chalicelib.analytics.sales import figure_tables as _sales  # noqa: F401
from chalicelib.analytics.stock import cover_tables as _stock_cover  # noqa: F401
from chalicelib.commerce import tables as _commerce  # noqa: F401
from chalicelib.conversations.assistant import assistant_tables as _assistant  # noqa: F401
from chalicelib.conversations.desk import desk_tables as _desk  # noqa: F401
from chalicelib.conversations.figures import figure_tables as _conversation_figures  # noqa: F401
from chalicelib.conversations.history import history_tables as _history  # noqa: F401
from chalicelib.core.database import UtcDateTime, metadata
from chalicelib.core.database import due_days as _due_days  # noqa: F401
from chalicelib.core.database import idempotency as _idempotency  # noqa: F401
from chalicelib.core.database import leases as _leases  # noqa: F401
from chalicelib.core.database.dialect import is_of_engine
from chalicelib.csv_import import tables as _csv_import  # noqa: F401
from chalicelib.events import tables as _events  # noqa: F401
from chalicelib.jobs import job_tables as _jobs  # noqa: F401
from chalicelib.mails import tables as _mails  # noqa: F401
from chalicelib.payments import tables as _payments  # noqa: F401
from chalicelib.recommendations.measuring import experiment_tables as _experiments  # noqa: F401
from chalicelib.recommendations.measuring import figure_tables as _figures  # noqa: F401
from chalicelib.recommendations.models import model_tables as _models  # noqa: F401
from chalicelib.recommendations.signals import signal_tables as _signals  # noqa: F401


def render_item(kind: str, item: Any, autogenerate: AutogenContext) -> str | Literal[False]:
    """Write our own types as the plain ones that they stand for: a migration must not change with the code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        autogenerate.imports.add("from sqlalchemy.dialects import mysql")
        return 'sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")'
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_item=render_item,
    include_object=lambda item, name, *_rest: is_of_engine(connection.dialect.name, item, name),
    # SQLite cannot change a column in place: Alembic copies the table.
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
