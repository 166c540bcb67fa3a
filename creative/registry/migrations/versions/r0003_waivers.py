"""What people said may stay as it is: findings of ads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def _name(name: str) -> sa.Column[str]:
    return sa.Column(name, NAME, nullable=False)


def upgrade() -> None:
    op.create_table(
        "waivers",
        _name("campaign"),
        _name("ad_id"),
        _name("finding"),
        _name("sha256"),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_waivers_campaign")),
        sa.PrimaryKeyConstraint("campaign", "ad_id", "finding"),
    )
