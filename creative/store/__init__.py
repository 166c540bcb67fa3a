"""The store: blobs, receipts, cell records and logs. It is the truth; the registry is its index.

The layout of a directory and, below its prefix, of a bucket:

    store.json                                   {"id": 32 hexadecimal digits, "schema": 1}
    blobs/ab/<sha256>                            every file that was made or ingested (directory: blobs/ab/cd/<sha256>)
    receipts/ab/<step key>.json                  "done", and nothing else: written after its blobs
    failures/ab/<step key>.json                  refused or quarantined, until the key changes or --retry-failed
    attempts/ab/<step key>/0000.json             why an attempt was refused
    logs/<campaign>                              says that the campaign has a log
    campaigns/<campaign>/log/0000000001.json     the numbered event log
    campaigns/<campaign>/cells/<sha256>.json.gz  cell records, one file a window
    rights/log/0000000001.json                   the numbered log of consents, wider than one campaign
    published/<path>                             copies under readable names, for people and ad servers; replaced

`port` says what a store can do, `directory` and `s3` are the two. Everything but `published` is written once. In a bucket
each object has its sha256 and its size in its metadata (`sha256`, `bytes`; named objects a `nonce` too), blobs their media
type: copy a bucket with its metadata, as `aws s3 sync` does. Parts of uploads whose process was killed are removed a day
later, by the next large upload or by the bucket's own lifecycle rule.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from creative.errors import UsageError
from creative.places import plain_place
from creative.store.directory import DirectoryStore
from creative.store.log import Log, campaigns, read_window, write_window
from creative.store.port import Store
from creative.store.receipts import (
    clear_failure,
    log_refused_attempt,
    read_failure,
    read_receipt,
    receipt_keys,
    refused_attempts,
    write_failure,
    write_receipt,
)
from creative.store.tree import link_tree

__all__ = [
    "DirectoryStore",
    "Log",
    "Store",
    "campaigns",
    "clear_failure",
    "link_tree",
    "log_refused_attempt",
    "open_store",
    "read_failure",
    "read_receipt",
    "read_window",
    "receipt_keys",
    "refused_attempts",
    "write_failure",
    "write_receipt",
    "write_window",
]


def open_store(url: str | Path, *, create: bool = True) -> Store:
    """The store at a path, `file://` or `s3://` URL, made there if nothing is (unless `create` is False).

    Raises UsageError for a URL that cannot be meant, WrongStoreError if no store can be there, StoreError if it cannot be
    used now.
    """
    if isinstance(url, Path):
        return DirectoryStore.open(url, create=create)
    scheme = url.partition("://")[0].lower() if "://" in url else ""  # a folder may be called s3
    if scheme == "s3":
        from creative.store.s3 import S3Store  # boto3 is slow to import, and only for those who use it

        return S3Store.open(url, create=create)
    if scheme == "file":
        parts = urlsplit(url)
        if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
            raise UsageError(f"{plain_place(url)} is not a path on this machine: write file:///folder/of/the/store")
        return DirectoryStore.open(Path(unquote(parts.path)), create=create)
    if "://" in url or not url:
        raise UsageError(
            f"{plain_place(url) or 'an empty string'} is no place for a store: give a folder, or a file:// or s3:// URL"
        )
    return DirectoryStore.open(Path(url).expanduser(), create=create)
