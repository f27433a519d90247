"""Due days and how far a count got, in one place for all counts; how its job goes is told by the tables of jobs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
_MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}

# By subject: the table that told how its count goes, and the name of its job.
_COUNTS = {
    "recommendations": ("recommendation_measuring", "measure_recommendations"),
    "conversations": ("conversation_job", "measure_conversations"),
}
_MARKS = ("seen_until", "looked_back_on", "as_of")
_RUNS = ("started_at", "finished_at")


def upgrade() -> None:
    op.execute(
        "INSERT INTO due_days (subject, day, marks) SELECT 'recommendations', day, 1 FROM recommendation_due_days"
    )
    op.execute(
        "INSERT INTO due_days (subject, day, marks) SELECT 'conversations', day, marks FROM conversation_due_days"
    )
    for subject, (table, job) in _COUNTS.items():
        columns = ", ".join(_MARKS)
        op.execute(f"INSERT INTO watermarks (subject, {columns}) SELECT '{subject}', {columns} FROM {table}")
        # Of a job that its runner does not know of yet.
        op.execute(
            "INSERT INTO jobs (name, started_at, finished_at, succeeded_at, failed_in_a_row, left_to_do) "
            f"SELECT '{job}', started_at, finished_at, CASE WHEN error IS NULL THEN finished_at END, "
            f"CASE WHEN error IS NULL THEN 0 ELSE 1 END, 0 FROM {table} "
            f"WHERE finished_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM jobs WHERE name = '{job}')"
        )
    for table in ("recommendation_due_days", "conversation_due_days", "conversation_job"):
        op.drop_table(table)
    for column in (*_MARKS, *_RUNS, "error", "days"):
        op.drop_column("recommendation_measuring", column)


def downgrade() -> None:
    op.create_table(
        "recommendation_due_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("day"),
        **_MYSQL,
    )
    op.create_table(
        "conversation_due_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("marks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day"),
        **_MYSQL,
    )
    op.create_table(
        "conversation_job",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        *_own_columns(),
        sa.PrimaryKeyConstraint("id"),
        **_MYSQL,
    )
    op.add_column("recommendation_measuring", sa.Column("days", sa.Integer(), server_default="0", nullable=False))
    for column in _own_columns():
        op.add_column("recommendation_measuring", column)
    op.execute("INSERT INTO recommendation_due_days SELECT day FROM due_days WHERE subject = 'recommendations'")
    op.execute("INSERT INTO conversation_due_days SELECT day, marks FROM due_days WHERE subject = 'conversations'")
    for subject, (table, job) in _COUNTS.items():
        _bring_back(subject, table, job)
    op.execute("DELETE FROM due_days WHERE subject IN ('recommendations', 'conversations')")
    op.execute("DELETE FROM watermarks WHERE subject IN ('recommendations', 'conversations')")


def _own_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("seen_until", _TIME, nullable=True),
        sa.Column("looked_back_on", sa.Date(), nullable=True),
        sa.Column("started_at", _TIME, nullable=True),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.Column("error", sa.String(length=1000), nullable=True),
        sa.Column("as_of", _TIME, nullable=True),
    ]


def _bring_back(subject: str, table: str, job: str) -> None:
    of_subject = f"FROM watermarks WHERE subject = '{subject}'"
    op.execute(f"INSERT INTO {table} (id) SELECT 1 {of_subject} AND NOT EXISTS (SELECT 1 FROM {table} WHERE id = 1)")
    last_error = f"(SELECT error FROM job_runs WHERE id = (SELECT MAX(id) FROM job_runs WHERE job = '{job}'))"
    values = [f"{column} = (SELECT {column} {of_subject})" for column in _MARKS]
    values += [f"{column} = (SELECT {column} FROM jobs WHERE name = '{job}')" for column in _RUNS]
    values += [f"error = (SELECT {last_error} FROM jobs WHERE name = '{job}' AND failed_in_a_row > 0)"]
    op.execute(f"UPDATE {table} SET {', '.join(values)} WHERE id = 1")
