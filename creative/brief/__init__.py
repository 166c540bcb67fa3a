"""The brief: what marketing wants, as a YAML file with its brand kit, tables and media."""

from __future__ import annotations

from creative.brief.brand import Brand
from creative.brief.brief import Brief, Copy, Wording
from creative.brief.load import load_brief

__all__ = ["Brand", "Brief", "Copy", "Wording", "load_brief"]
