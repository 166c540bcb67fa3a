"""What people said of assets, what is published, what matching asks for, and who does the work of which name."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def _name(name: str) -> sa.Column[str]:
    return sa.Column(name, NAME, nullable=False)


def upgrade() -> None:
    op.create_table(
        "verdicts",
        _name("campaign"),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        _name("asset_id"),
        _name("ad_id"),
        _name("sha256"),
        _name("verdict"),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_verdicts_campaign")),
        sa.PrimaryKeyConstraint("campaign", "entry", "number"),
    )
    op.create_index(op.f("ix_verdicts_asset_id"), "verdicts", ["asset_id"], unique=False)
    op.create_table(
        "deliveries",
        _name("campaign"),
        _name("path"),
        _name("asset_id"),
        _name("sha256"),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_deliveries_campaign")),
        sa.PrimaryKeyConstraint("campaign", "path"),
    )
    op.create_table(
        "leases",
        _name("name"),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    _matching()


def _matching() -> None:
    op.add_column("cells", sa.Column("value", sa.BigInteger(), server_default="1", nullable=False))
    for name in ("first_day", "last_day", "timezone"):
        op.add_column("cells", sa.Column(name, NAME, nullable=True))
    op.create_index(
        op.f("ix_cells_segment_placement_market"), "cells", ["segment", "placement", "market"], unique=False
    )
    op.create_index(op.f("ix_assets_campaign_state"), "assets", ["campaign", "state"], unique=False)
    op.create_table(
        "traits",
        _name("campaign"),
        _name("segment"),
        _name("name"),
        _name("value"),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_traits_campaign")),
        sa.PrimaryKeyConstraint("campaign", "segment", "name", "value"),
    )
    op.create_index(op.f("ix_traits_name_value"), "traits", ["name", "value"], unique=False)
    _fill()


_CELLS = sa.table(
    "cells",
    *(sa.column(name) for name in ("ad_id", "campaign", "segment", "first_day", "last_day")),
    sa.column("carried", sa.JSON()),
)
_TRAITS = sa.table("traits", *(sa.column(name) for name in ("campaign", "segment", "name", "value")))


def _fill() -> None:
    """From what cells of the first version carry: flight and traits."""
    connection = op.get_bind()
    days: list[dict[str, Any]] = []
    traits: dict[tuple[str, str, str, str], None] = {}
    for ad_id, campaign, segment, carried in connection.execute(
        sa.select(_CELLS.c.ad_id, _CELLS.c.campaign, _CELLS.c.segment, _CELLS.c.carried)
    ):
        flight = carried.get("flight") or {}
        if flight:
            days.append({"of": ad_id, "first": flight.get("from"), "last": flight.get("until")})
        for name, values in (carried.get("traits") or {}).items():
            for value in [values] if isinstance(values, str) else values:
                traits[campaign, segment, name, str(value)] = None
    if days:
        values = {"first_day": sa.bindparam("first"), "last_day": sa.bindparam("last")}
        connection.execute(sa.update(_CELLS).where(_CELLS.c.ad_id == sa.bindparam("of")).values(**values), days)
    if traits:
        names = ("campaign", "segment", "name", "value")
        connection.execute(sa.insert(_TRAITS), [dict(zip(names, row, strict=True)) for row in traits])
