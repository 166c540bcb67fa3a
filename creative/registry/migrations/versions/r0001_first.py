"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def _name(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, NAME, nullable=nullable)


def _json(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.JSON(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "campaigns",
        _name("id"),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        _name("brief", nullable=True),
        sa.Column("owner", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "jobs",
        _name("run"),
        _name("segment"),
        sa.Column("state", sa.String(), nullable=False),
        *_json("counts"),
        sa.PrimaryKeyConstraint("run", "segment"),
    )
    op.create_table(
        "registry_info",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        _name("store"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "steps",
        _name("key"),
        _name("kind"),
        _name("backend"),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        *_json("outputs"),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(
        op.f("ix_steps_kind_backend_seconds_bytes"), "steps", ["kind", "backend", "seconds", "bytes"], unique=False
    )
    op.create_table(
        "cells",
        _name("ad_id"),
        _name("campaign"),
        _name("market"),
        _name("locale"),
        _name("product", nullable=True),
        _name("offer", nullable=True),
        _name("segment"),
        _name("placement"),
        _name("arm", nullable=True),
        sa.Column("variant", sa.Integer(), nullable=False),
        _name("modality"),
        sa.Column("name", sa.String(), nullable=False),
        _name("wanted"),
        _name("binding"),
        sa.Column("retired", sa.Boolean(), nullable=False),
        _name("asset", nullable=True),
        *_json("steps", "choices", "texts", "lines", "carried"),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_cells_campaign")),
        sa.PrimaryKeyConstraint("ad_id"),
    )
    op.create_index(op.f("ix_cells_asset"), "cells", ["asset"], unique=False)
    op.create_index(op.f("ix_cells_campaign_ad_id"), "cells", ["campaign", "ad_id"], unique=False)
    op.create_table(
        "runs",
        _name("id"),
        _name("campaign"),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        *_json("counts"),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_runs_campaign")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_runs_campaign"), "runs", ["campaign"], unique=False)
    op.create_table(
        "assets",
        _name("asset_id"),
        _name("ad_id"),
        _name("campaign"),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        _name("sha256"),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("ms", sa.Integer(), nullable=True),
        _name("state"),
        _name("wanted"),
        _name("binding"),
        _name("finish"),
        _name("poster", nullable=True),
        _name("checked"),
        *_json("reasons", "findings", "figures", "choices", "texts", "lines", "carried", "lineage"),
        sa.ForeignKeyConstraint(["ad_id"], ["cells.ad_id"], name=op.f("fk_assets_ad_id")),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_assets_campaign")),
        sa.PrimaryKeyConstraint("asset_id"),
    )
    op.create_index(op.f("ix_assets_ad_id"), "assets", ["ad_id"], unique=False)
    op.create_index(op.f("ix_assets_campaign"), "assets", ["campaign"], unique=False)
    op.create_table(
        "asset_history",
        _name("asset_id"),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _name("before", nullable=True),
        _name("after"),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.asset_id"], name=op.f("fk_asset_history_asset_id")),
        sa.PrimaryKeyConstraint("asset_id", "entry", "number"),
    )
