"""Who agreed that their voice, likeness or music is used, and which renditions need it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def _name(name: str) -> sa.Column[str]:
    return sa.Column(name, NAME, nullable=False)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "consents",
        _name("id"),
        _name("kind"),
        sa.Column("consent", sa.JSON(), nullable=False),
        _name("statement"),
        _name("valid_from"),
        _name("valid_until"),
        *_texts("entered_by", "entered_at", "revoked_at", "revoked_by", "revoked_reason"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "revocations",
        _name("statement"),
        _name("consent"),
        *_texts("by", "reason"),
        sa.PrimaryKeyConstraint("statement"),
    )
    op.create_table(
        "rights_log",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "asset_rights",
        _name("asset_id"),
        _name("consent"),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.asset_id"], name=op.f("fk_asset_rights_asset_id")),
        sa.PrimaryKeyConstraint("asset_id", "consent"),
    )
    op.create_index(op.f("ix_asset_rights_consent"), "asset_rights", ["consent"], unique=False)
