"""Finds what hosts run around the program, for the tests that take minutes; as root on Debian, installs it.

Nothing that it installs is started as a service.
"""

import os
import shutil
import subprocess
import sys

PACKAGES = {
    "nginx": "nginx-light",
    "caddy": "caddy",
    "tor": "tor",
    "nft": "nftables",
    "minisign": "minisign",
    "age": "age",
    "rsync": "rsync",
    "rclone": "rclone",
    "shellcheck": "shellcheck",
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "buildah": "buildah",
    "redis-server": "redis-server",
    "patroni": "patroni",
    "etcd": "etcd-server",
    "haproxy": "haproxy",
    "pg_createcluster": "postgresql",
}
"""By command, the package of Debian that has it."""
SYSTEM = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))


def find_program(command: str) -> str | None:
    """The path of a program, also where only root's PATH leads."""
    return shutil.which(command, path=SYSTEM)


def main() -> int:
    """Say what is missing; install what may be installed without asking."""
    missing = [package for command, package in PACKAGES.items() if not find_program(command)]
    if missing and hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        wait = ["-o", "DPkg::Lock::Timeout=300"]
        for command in (
            ["apt-get", *wait, "update", "-qq"],
            ["apt-get", *wait, "install", "-y", "-qq", "--no-install-recommends", *missing],
        ):
            subprocess.run(command, env=quiet, check=False, stdout=subprocess.DEVNULL)
        missing = [package for command, package in PACKAGES.items() if not find_program(command)]
    if missing:
        print(f"Not found, so their tests are skipped. Install them, on Debian: apt install {' '.join(missing)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
