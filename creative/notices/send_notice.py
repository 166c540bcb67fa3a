"""The process that sends one message: it is on standard input as JSON (url, title, body); why it could not be sent is on
standard output. See `creative.notices.sending`, which ends it when it takes too long.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping


class _Heard(logging.Handler):
    """What apprise says went wrong, last."""

    last = ""

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            self.last = record.getMessage()


def main() -> int:
    """Send it; 0 when it was taken."""
    import apprise

    message: Mapping[str, str] = json.load(sys.stdin)
    heard, log = _Heard(), logging.getLogger("apprise")
    log.addHandler(heard)
    log.propagate = False
    asset = apprise.AppriseAsset(app_id="creative-farm", app_desc="creative-farm", app_url="", secure_logging=True)
    place = apprise.Apprise(asset=asset)
    if not place.add(message["url"]):
        sys.stdout.write("apprise does not understand its URL: https://appriseit.com says how they are written")
        return 1
    if not place.notify(body=message["body"], title=message["title"], body_format=apprise.NotifyFormat.TEXT):
        sys.stdout.write(heard.last or "it was refused there")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
