"""The brief: what marketing wants, as a YAML file with its brand kit, tables and media."""

from __future__ import annotations

from creative.brief.brand import Brand
from creative.brief.brief import Brief, Copy, Wording

__all__ = ["Brand", "Brief", "Copy", "Wording"]
