"""Rights: whose voice, likeness or music may be used, where and until when; and what follows when it may not any more.

records     consents and revocations, as the store's rights log has them
ledger      the log, and what it comes to: who says yes at which moment
scope       whether a consent covers an ad; what a brief is told when it does not
entering    a consent file or its options, checked and entered by somebody with the role `rights`
guard       asked before every step that has somebody's voice in its sound, by the loop and by workers
"""

from __future__ import annotations

from creative.rights.ledger import Ledger, Rights, RightsLog, Standing
from creative.rights.records import Consent, ConsentEvent, RevocationEvent, Scope

__all__ = [
    "Consent",
    "ConsentEvent",
    "Ledger",
    "RevocationEvent",
    "Rights",
    "RightsLog",
    "Scope",
    "Standing",
]
