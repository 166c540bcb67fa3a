"""Puts a blob of some size, slowly seen through a proxy: `upload.py URL BYTES PART`. To be killed."""

from __future__ import annotations

import sys

from creative.store import open_store, s3_uploads

s3_uploads.LARGE = int(sys.argv[3])
print("put", flush=True)
open_store(sys.argv[1]).put_blob(bytes(int(sys.argv[2])), "video/mp4")
