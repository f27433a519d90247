"""The tables of imports: what was asked for, how far each file is, and which rows were rejected."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Text

from chalicelib.core.database import BigId, UtcDateTime, shop_table

imports = shop_table(
    "imports",
    Column("id", BigId, primary_key=True),
    # The folder of the bucket, or of the machine that imports.
    Column("source", String(500), nullable=False),
    Column("strict", Boolean(create_constraint=False), nullable=False),
    Column("state", String(16), nullable=False),
    Column("message", String(1000)),
    Column("notes", Text, nullable=False),
    Column("requested_by", String(150), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    # Who works on it, and until when nobody else may.
    Column("lease_holder", String(100)),
    Column("lease_until", UtcDateTime),
    Index("ix_imports_state", "state", "id"),
)

# `records_done` is the checkpoint: it moves in the transaction that writes the records.
import_files = shop_table(
    "import_files",
    Column("id", BigId, primary_key=True),
    Column("import_id", ForeignKey("imports.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("table_name", String(64), nullable=False),
    Column("blob_key", String(500), nullable=False),
    Column("version", String(100), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("records_done", BigInteger, nullable=False),
    Column("bytes_done", BigInteger, nullable=False),
    Column("inserted", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("unchanged", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    Column("notes", Text, nullable=False),
    Column("error", String(1000)),
)

import_rejections = shop_table(
    "import_rejections",
    Column("id", BigId, primary_key=True),
    Column("import_id", ForeignKey("imports.id", ondelete="CASCADE"), nullable=False),
    Column("file", String(500), nullable=False),
    Column("line", BigInteger, nullable=False),
    Column("column_name", String(64), nullable=False),
    Column("value", String(200), nullable=False),
    Column("reason", String(500), nullable=False),
    Index("ix_import_rejections_import_id_id", "import_id", "id"),
)
