"""The registry's tables. A change here needs a migration; a test compares both.

All of it can be had again from the store: `campaigns`, `cells`, `traits`, `assets`, `asset_history`, `verdicts`, `waivers`,
`deliveries`, `asset_rights`, `runs` and `jobs` from the campaigns' logs, `consents`, `revocations` and `rights_log` from the rights log, `steps` from the receipts. Only what is true of this moment lives here alone: the state of a job
that is still running, and the `leases`.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = sa.MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "fk": "fk_%(table_name)s_%(column_0_N_name)s"}
)

# Names sort by their bytes, everywhere: manifests are compared byte for byte.
NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")


class Moment(TypeDecorator[datetime]):
    """A point in time, always in UTC and always with its zone, also where the database forgets zones."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  SQLAlchemy's form
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


registry_info = sa.Table(
    "registry_info",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # always 1
    sa.Column("store", NAME, nullable=False),
)

campaigns = sa.Table(
    "campaigns",
    metadata,
    sa.Column("id", NAME, primary_key=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("cursor", sa.BigInteger, nullable=False),  # the last entry of the log that was applied
    sa.Column("brief", NAME),  # sha256 of the last snapshot
    sa.Column("owner", sa.JSON(none_as_null=True)),
    sa.Column("at", Moment),  # of the last entry that was applied
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", NAME, primary_key=True),
    sa.Column("campaign", NAME, sa.ForeignKey("campaigns.id"), nullable=False, index=True),
    sa.Column("entry", sa.BigInteger, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("counts", sa.JSON, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("at", Moment, nullable=False),
)

# Written live while a run goes on, before the log knows of the run: no foreign key.
jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("run", NAME, primary_key=True),
    sa.Column("segment", NAME, primary_key=True),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("counts", sa.JSON, nullable=False),
)

cells = sa.Table(
    "cells",
    metadata,
    sa.Column("ad_id", NAME, primary_key=True),
    sa.Column("campaign", NAME, sa.ForeignKey("campaigns.id"), nullable=False),
    sa.Column("market", NAME, nullable=False),
    sa.Column("locale", NAME, nullable=False),
    sa.Column("product", NAME),
    sa.Column("offer", NAME),
    sa.Column("segment", NAME, nullable=False),
    sa.Column("placement", NAME, nullable=False),
    sa.Column("arm", NAME),
    sa.Column("variant", sa.Integer, nullable=False),
    sa.Column("modality", NAME, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("wanted", NAME, nullable=False),
    sa.Column("binding", NAME, nullable=False),
    sa.Column("retired", sa.Boolean, nullable=False),
    sa.Column("asset", NAME),  # the newest rendition, whatever its state
    sa.Column("steps", sa.JSON, nullable=False),
    sa.Column("choices", sa.JSON, nullable=False),
    sa.Column("texts", sa.JSON, nullable=False),
    sa.Column("lines", sa.JSON, nullable=False),
    sa.Column("carried", sa.JSON, nullable=False),
    # Of `carried`, what matching asks for: the segment's value, days (ISO 8601, both included), and in which zone.
    sa.Column("value", sa.BigInteger, nullable=False, server_default="1"),
    sa.Column("first_day", NAME),
    sa.Column("last_day", NAME),
    sa.Column("timezone", NAME),
    sa.Index(None, "campaign", "ad_id"),
    sa.Index(None, "asset"),
    # By segment first: without statistics SQLite would go through all ads of a placement for one trait.
    sa.Index(None, "segment", "placement", "market"),
)

# How whoever serves the ads knows a segment, as its last window says it.
traits = sa.Table(
    "traits",
    metadata,
    sa.Column("campaign", NAME, sa.ForeignKey("campaigns.id"), primary_key=True),
    sa.Column("segment", NAME, primary_key=True),
    sa.Column("name", NAME, primary_key=True),
    sa.Column("value", NAME, primary_key=True),
    sa.Index(None, "name", "value"),
)

# An asset keeps its cell's words as they were when it was made: the cell may say something else by now.
assets = sa.Table(
    "assets",
    metadata,
    sa.Column("asset_id", NAME, primary_key=True),
    sa.Column("ad_id", NAME, sa.ForeignKey("cells.ad_id"), nullable=False, index=True),
    sa.Column("campaign", NAME, sa.ForeignKey("campaigns.id"), nullable=False, index=True),
    sa.Column("entry", sa.BigInteger, nullable=False),  # of the last window that it was in
    sa.Column("name", sa.String, nullable=False),
    sa.Column("sha256", NAME, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("type", sa.String, nullable=False),
    sa.Column("width", sa.Integer),
    sa.Column("height", sa.Integer),
    sa.Column("ms", sa.Integer),
    sa.Column("state", NAME, nullable=False),
    sa.Column("wanted", NAME, nullable=False),
    sa.Column("binding", NAME, nullable=False),
    sa.Column("finish", NAME, nullable=False),
    sa.Column("poster", NAME),
    sa.Column("checked", NAME, nullable=False),
    sa.Column(
        "rehearsal", sa.String, nullable=False, server_default=""
    ),  # what random weights made of it; empty: an ad
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Column("findings", sa.JSON, nullable=False),
    sa.Column("figures", sa.JSON, nullable=False),
    sa.Column("choices", sa.JSON, nullable=False),
    sa.Column("texts", sa.JSON, nullable=False),
    sa.Column("lines", sa.JSON, nullable=False),
    sa.Column("carried", sa.JSON, nullable=False),
    sa.Column("lineage", sa.JSON, nullable=False),
    sa.Index(None, "campaign", "state"),
)

asset_history = sa.Table(
    "asset_history",
    metadata,
    sa.Column("asset_id", NAME, sa.ForeignKey("assets.asset_id"), primary_key=True),
    sa.Column("entry", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # within the entry
    sa.Column("at", Moment, nullable=False),
    sa.Column("before", NAME),
    sa.Column("after", NAME, nullable=False),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("why", sa.String, nullable=False),
)

# Append-only: what was said first stays, what was said last counts.
verdicts = sa.Table(
    "verdicts",
    metadata,
    sa.Column("campaign", NAME, sa.ForeignKey("campaigns.id"), primary_key=True),
    sa.Column("entry", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # within the entry
    sa.Column("asset_id", NAME, nullable=False, index=True),
    sa.Column("ad_id", NAME, nullable=False),
    sa.Column("sha256", NAME, nullable=False),  # of the bytes that were looked at
    sa.Column("verdict", NAME, nullable=False),  # approved, rejected or withdrawn
    sa.Column("by", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("stage", sa.String, nullable=False, server_default=""),
    sa.Column("at", Moment, nullable=False),
)

# Findings of ads that somebody said may stay, as the log's last entry of each says it. They hold for every rendition of the ad.
waivers = sa.Table(
    "waivers",
    metadata,
    sa.Column("campaign", NAME, sa.ForeignKey("campaigns.id"), primary_key=True),
    sa.Column("ad_id", NAME, primary_key=True),
    sa.Column("finding", NAME, primary_key=True),
    sa.Column("sha256", NAME, nullable=False),  # of the bytes that were looked at
    sa.Column("entry", sa.BigInteger, nullable=False),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("at", Moment, nullable=False),
)

# What is published of a campaign now: readable paths in the store, and whose bytes they are.
deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("campaign", NAME, sa.ForeignKey("campaigns.id"), primary_key=True),
    sa.Column("path", NAME, primary_key=True),
    sa.Column("asset_id", NAME, nullable=False),
    sa.Column("sha256", NAME, nullable=False),
    sa.Column("entry", sa.BigInteger, nullable=False),
)

# Who agreed to what, as the store's rights log says it; `consent` is a `creative.rights.Consent`.
consents = sa.Table(
    "consents",
    metadata,
    sa.Column("id", NAME, primary_key=True),
    sa.Column("kind", NAME, nullable=False),
    sa.Column("consent", sa.JSON, nullable=False),
    sa.Column("statement", NAME, nullable=False),
    sa.Column("valid_from", NAME, nullable=False),
    sa.Column("valid_until", NAME, nullable=False),
    sa.Column("entered_by", sa.String, nullable=False),
    sa.Column("entered_at", sa.String, nullable=False),
    sa.Column("revoked_at", sa.String, nullable=False),
    sa.Column("revoked_by", sa.String, nullable=False),
    sa.Column("revoked_reason", sa.String, nullable=False),
)

# Statements that nothing may rest on any more, and the one row of the rights log's cursor.
revocations = sa.Table(
    "revocations",
    metadata,
    sa.Column("statement", NAME, primary_key=True),
    sa.Column("consent", NAME, nullable=False),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
)
rights_log = sa.Table(
    "rights_log",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # always 1
    sa.Column("cursor", sa.BigInteger, nullable=False),
)

# Which renditions need which consents.
asset_rights = sa.Table(
    "asset_rights",
    metadata,
    sa.Column("asset_id", NAME, sa.ForeignKey("assets.asset_id"), primary_key=True),
    sa.Column("consent", NAME, primary_key=True),
    sa.Index(None, "consent"),
)

# Who does the work of that name, and until when it counts as alive. The store knows nothing of it: rebuilding leaves it be.
leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", NAME, primary_key=True),
    sa.Column("holder", sa.String, nullable=False),
    sa.Column("host", sa.String, nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Column("taken", Moment, nullable=False),
)

steps = sa.Table(
    "steps",
    metadata,
    sa.Column("key", NAME, primary_key=True),
    sa.Column("kind", NAME, nullable=False),
    sa.Column("backend", NAME, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),  # of all outputs
    sa.Column("made_at", Moment),
    sa.Column("outputs", sa.JSON, nullable=False),
    sa.Index(None, "kind", "backend", "seconds", "bytes"),  # covers the rates
)

OF_THE_STORE = tuple(table for table in metadata.sorted_tables if table not in (registry_info, leases))
"""The tables that can be had again from the store, those that others refer to first."""
