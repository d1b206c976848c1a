"""What the checks of letters need."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from petition.config import Settings
from petition.issuing.secrets import RoundSecrets


@dataclass(frozen=True)
class View:
    """What the checks of letters need."""

    settings: Settings
    secrets: RoundSecrets
    master: bytes
    session: Session
    issuer: Session
    now: datetime
    deep: bool
