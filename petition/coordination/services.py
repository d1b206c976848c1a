"""What every step that crosses the privacy boundary needs: both databases, secrets, settings, randomness."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from petition.config import NOTHING, Settings
from petition.crypto.blind_rsa import PrivateKey
from petition.crypto.locked_names import NamesPrivateKey
from petition.database import Databases
from petition.issuing.secrets import RoundSecrets
from petition.randomness import Random


@dataclass(frozen=True)
class Services:
    """What a step that uses both databases needs: the databases, the secrets, the site's address, randomness."""

    databases: Databases
    secrets: RoundSecrets
    master: bytes
    url: str | None
    host: str | None
    hosts: Sequence[str] = ()
    """Hosts (with ports) under which the site is reached: of its public address and of its onion address."""
    sends_mail: bool = False
    is_demo: bool = False
    """Whether this is the demo, whose clock is its own."""
    random: Random = os.urandom
    make_key: Callable[[], PrivateKey] = PrivateKey.generate
    make_names_key: Callable[[], NamesPrivateKey] = NamesPrivateKey.generate
    public_folder: Path | None = None
    """Where cached pages are, which must not outlive a name."""
    approve: str = NOTHING
    """What the host must approve of a letter."""
    contact: str = ""
    """How to reach the host."""


def make_services(settings: Settings, databases: Databases, master: bytes, **chance: Any) -> Services:
    """Services with the settings in force; ``chance`` may set ``random`` and how keys are made."""
    secrets = RoundSecrets(settings.rounds_folder, master)
    chance.setdefault("public_folder", settings.public_folder)
    chance |= {"approve": settings.approve, "contact": settings.contact}
    return Services(
        databases,
        secrets,
        master,
        settings.url,
        settings.host,
        hosts=settings.hosts,
        sends_mail=settings.mail is not None,
        is_demo=settings.is_demo,
        **chance,
    )
