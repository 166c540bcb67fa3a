"""Which assets are rehearsals: made with models of random weights. What was approved of them without saying so waits again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from creative.rehearsals import noise_in

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BATCH = 500


def upgrade() -> None:
    op.add_column("assets", sa.Column("rehearsal", sa.String(), server_default="", nullable=False))
    connection = op.get_bind()
    assets = sa.table(
        "assets",
        sa.column("asset_id", sa.String),
        sa.column("lineage", sa.JSON),
        sa.column("state", sa.String),
        sa.column("rehearsal", sa.String),
    )
    found: list[dict[str, str]] = []
    last = ""
    while rows := connection.execute(
        sa.select(assets.c.asset_id, assets.c.lineage)
        .where(assets.c.asset_id > last)
        .order_by(assets.c.asset_id)
        .limit(_BATCH)
    ).all():
        last = rows[-1].asset_id
        said = ((id, noise_in(lineage)) for id, lineage in rows if isinstance(lineage, list))
        found += [{"of": id, "noise": ", ".join(noise)} for id, noise in said if noise]
    if found:
        these = assets.c.asset_id == sa.bindparam("of")
        connection.execute(sa.update(assets).where(these).values(rehearsal=sa.bindparam("noise")), found)
        ids = [{"of": one["of"]} for one in found]
        approved = sa.update(assets).where(these, assets.c.state == "approved")
        connection.execute(approved.values(state="pending"), ids)
