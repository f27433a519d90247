"""Bringing a database to the present schema, and showing that schema as MySQL writes it.

`python -m infra.migrate` migrates the database of the settings; `--new "what it does"` drafts a migration from the
difference between tables and database; `--write-schema` rewrites sql/schema.sql.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, CreateTable

from chalicelib.accounts import tables as _accounts  # noqa: F401  (declares its tables)
from chalicelib.analytics.alerts import alert_tables as _alerts  # noqa: F401
from chalicelib.analytics.customers import customer_tables as _customers  # noqa: F401
from chalicelib.analytics.forecast import forecast_tables as _forecast  # noqa: F401
from chalicelib.analytics.funnel import funnel_tables as _funnel  # noqa: F401
from chalicelib.analytics.returns import return_tables as _returns  # noqa: F401
from chalicelib.analytics.sales import figure_tables as _sales  # noqa: F401
from chalicelib.analytics.stock import cover_tables as _stock_cover  # noqa: F401
from chalicelib.commerce import tables as _commerce  # noqa: F401
from chalicelib.commerce.catalogue import search_index
from chalicelib.conversations.assistant import assistant_tables as _assistant  # noqa: F401
from chalicelib.conversations.desk import desk_tables as _desk  # noqa: F401
from chalicelib.conversations.figures import figure_tables as _conversation_figures  # noqa: F401
from chalicelib.conversations.history import history_tables as _history  # noqa: F401
from chalicelib.core.config import ConfigurationError, settings
from chalicelib.core.database import due_days as _due_days  # noqa: F401
from chalicelib.core.database import idempotency as _idempotency  # noqa: F401
from chalicelib.core.database import leases as _leases  # noqa: F401
from chalicelib.core.database import metadata
from chalicelib.core.database.dialect import alone, is_unreachable, make_engine
from chalicelib.core.database.engine import begun, database_url
from chalicelib.core.errors import AppError
from chalicelib.core.logging import redact
from chalicelib.csv_import import tables as _csv_import  # noqa: F401
from chalicelib.events import tables as _events  # noqa: F401
from chalicelib.jobs import job_tables as _jobs  # noqa: F401
from chalicelib.mails import tables as _mails  # noqa: F401
from chalicelib.payments import tables as _payments  # noqa: F401
from chalicelib.recommendations.measuring import experiment_tables as _experiments  # noqa: F401
from chalicelib.recommendations.measuring import figure_tables as _figures  # noqa: F401
from chalicelib.recommendations.models import model_tables as _models  # noqa: F401
from chalicelib.recommendations.signals import signal_tables as _signals  # noqa: F401

SQL = Path(__file__).resolve().parent.parent / "sql"
SCHEMA = SQL / "schema.sql"


def config_for(connection: Connection) -> Config:
    """Return Alembic's configuration for a connection."""
    config = Config()
    config.set_main_option("script_location", str(SQL))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine) -> None:
    """Bring the database of `engine` to the newest schema; does nothing when it is there."""
    # On SQLite the whole of it or nothing; MySQL commits each statement whatever is asked.
    with engine.connect() as connection, alone(connection, "migration"), begun(connection):
        command.upgrade(config_for(connection), "head")
        # Not inside a migration, which must not change with the code that makes these rows.
        search_index.fill(connection)


def migrate_configured() -> Path:
    """Bring the database of the settings to the newest schema; return the data folder of the settings.

    Raises:
        ConfigurationError: it does not answer, or the settings are wrong.
    """
    config = settings()
    engine = make_engine(database_url(config), config)
    try:
        migrate(engine)
    except DBAPIError as error:
        if not is_unreachable(error):
            raise
        reason = redact(str(error.orig))
        raise ConfigurationError(f"The database does not answer: {reason}. Start it, or mend DATABASE_URL.") from None
    finally:
        engine.dispose()
    return config.data_dir


def schema_text() -> str:
    """Return the whole schema as MySQL statements, for people to read."""
    dialect = mysql.dialect()
    parts = ["-- The schema of Shopkeeper as MySQL sees it. Made by `make schema`; the migrations are what runs.\n"]
    for table in metadata.sorted_tables:
        parts.append(f"{str(CreateTable(table).compile(dialect=dialect)).strip()};\n")
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        parts += [f"{str(CreateIndex(index).compile(dialect=dialect)).strip()};\n" for index in indexes]
    lines = (line.rstrip().replace("\t", "  ") for line in "\n".join(parts).splitlines())
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run the command line; 0 when it worked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--new", metavar="WHAT", help="draft a migration from tables against the database")
    parser.add_argument("--write-schema", action="store_true", help="rewrite sql/schema.sql")
    arguments = parser.parse_args()
    if arguments.write_schema:
        SCHEMA.write_text(schema_text(), encoding="utf-8")
        return 0
    try:
        migrate_configured()
    except (ConfigurationError, AppError) as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.new:
        with make_engine(database_url(settings()), settings()).connect() as connection:
            number = f"{len(list(SQL.glob('versions/[0-9]*.py'))) + 1:04d}"
            command.revision(config_for(connection), arguments.new, autogenerate=True, rev_id=number)
    return 0


if __name__ == "__main__":
    sys.exit(main())
