"""What people said of assets, what is published, and who does the work of which name."""

from __future__ import annotations

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
