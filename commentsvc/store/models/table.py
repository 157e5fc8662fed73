"""What does every table share: its base, its types, its partial indexes?"""

from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, MetaData, String, literal_column, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

Json = JSON().with_variant(JSONB(), "postgresql")

PUBLISHED = literal_column("'published'", String)
OPEN = literal_column("'open'", String)
CLOSED = literal_column("'closed'", String)
"""Literals on purpose: SQLite takes a partial index only when the query repeats its condition word for word."""


class Table(DeclarativeBase):
    """What every table shares: names for constraints, so that migrations can drop them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        int: BigInteger().with_variant(Integer(), "sqlite"),
        dict[str, Any]: Json,
        list[Any]: Json,
    }


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Build an index of the rows that fulfil `where`, which queries must repeat in literals."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))
