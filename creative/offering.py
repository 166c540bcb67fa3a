"""Manifest and contact sheet of a campaign, put where the store's readers find them: `published/_review/<campaign>/`.

A run in a cluster leaves nothing behind but its store; and whoever reviews has no account on its machines. They are not in
`published/<campaign>/`, which holds the approved ads and nothing else: no campaign's id begins with an underscore.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from creative.store import Store

TOP = "_review"
_FILES = {
    "manifest": ("manifest.jsonl", "application/x-ndjson"),
    "sheet": ("sheet.html", "text/html; charset=utf-8"),
    "picture": ("sheet.png", "image/png"),
}


def offer(store: Store, campaign: str, places: Mapping[str, str]) -> dict[str, str]:
    """Publish those of `places` (manifest, sheet, picture) that there are; where others find them, by name.

    What is there already with the same bytes is not written again. Raises StoreError.
    """
    found: dict[str, str] = {}
    for name, (file, type_) in _FILES.items():
        if name in places:
            data = Path(places[name]).read_bytes()
            if name == "sheet" and store.is_local:
                data = _relinked(data, Path(places[name]).absolute().parent, store, campaign)
            found[name] = store.publish(f"{TOP}/{campaign}/{file}", data, type_)
    return found


def _relinked(page: bytes, folder: Path, store: Store, campaign: str) -> bytes:
    """The page with the links into a store's directory as they are seen from its new place there."""
    root = Path(unquote(urlsplit(store.url).path)).resolve()
    before = quote(os.path.relpath(root / "blobs", folder.resolve()).replace(os.sep, "/"))
    after = quote(os.path.relpath(root / "blobs", root / "published" / TOP / campaign).replace(os.sep, "/"))
    return page.replace(f'"{before}/'.encode(), f'"{after}/'.encode())
