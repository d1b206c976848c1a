"""Every step of the Containerfile is carried out, on a Debian made from its packages; then the program serves."""

import json
import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.machines import MIRROR, wheels
from tests.deploy.tools import DEPLOY, ROOT, eventually, program, say
from tests.ports import free_port

pytestmark = pytest.mark.long
SLIM = "docker.io/library/debian:bookworm-slim"


@dataclass
class Builder:
    """buildah with a store of its own, without any registry and without namespaces that a container may lack."""

    folder: Path

    def __call__(self, *words: str | Path) -> str:
        return say(*self.command(*words), env={**os.environ, **self.environ}, cwd=ROOT)

    def command(self, *words: str | Path) -> list[str]:
        places = ["--root", str(self.folder / "root"), "--runroot", str(self.folder / "run"), "--storage-driver", "vfs"]
        return [program("buildah"), *places, *map(str, words)]

    @property
    def environ(self) -> dict[str, str]:
        return {"BUILDAH_ISOLATION": "chroot", "TMPDIR": str(self.folder)}


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """A builder that has Debian's image; pip finds its packages in the image instead of on the internet."""
    if os.geteuid() != 0:
        pytest.skip("Only root can build here.")
    folder = tmp_path_factory.mktemp("images")
    build = Builder(folder)
    tree = folder / "debian"
    # Recommended by Debian's own images, too: only what is needed.
    say(
        program("mmdebstrap"),
        "--quiet",
        "--variant=minbase",
        "--include=ca-certificates,python3",
        "bookworm",
        tree,
        MIRROR,
    )
    packages = wheels(tree, folder)
    (tree / "etc/pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n")
    name = build("from", "scratch").strip().splitlines()[-1]
    build("copy", "--quiet", name, tree, "/")
    build("copy", "--quiet", name, packages, "/wheels")
    build("commit", "--quiet", name, SLIM)
    build("rm", name)
    yield build
    build("rm", "--all")


@pytest.fixture(scope="module")
def image(builder: Builder) -> str:
    """The image that the Containerfile describes."""
    builder("build", "--pull-never", "--network", "host", "-f", DEPLOY / "Containerfile", "-t", "petition-test", ".")
    return "petition-test"


def test_the_image_serves_and_keeps_its_data_in_one_folder(builder: Builder, image: str) -> None:
    container = builder("from", "--pull-never", image).strip().splitlines()[-1]
    builder("config", "--volume", "/data-", container)  # buildah would mount an empty folder of its own over ours
    port, data = free_port(), builder.folder / "data"
    data.mkdir(mode=0o700)
    os.chown(data, 10001, 10001)
    entry = ["petition", "run", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command = builder.command("run", "--network", "host", "--volume", f"{data}:/data", container, "--", *entry)
    with subprocess.Popen(command, env={**os.environ, **builder.environ}, start_new_session=True) as running:
        try:
            answer = eventually(
                lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).read(), 120
            )
        finally:
            os.killpg(running.pid, signal.SIGTERM)
            running.wait(60)
    root = Path(builder("mount", container).strip())

    assert answer == b"ready\n"
    assert {path.name for path in data.iterdir()} >= {"petition.db", "issuer.db", "secret"}
    assert {path.stat().st_uid for path in data.iterdir()} == {10001}
    made = (root / "data").stat()
    assert (made.st_uid, made.st_mode & 0o777) == (10001, 0o700)
    modules = list(root.glob("opt/petition/lib/python3*/site-packages/petition/*.py"))
    assert modules
    assert all(path.stat().st_uid == 0 and not path.stat().st_mode & 0o022 for path in modules)


def test_it_runs_as_nobody_in_particular_and_says_how_it_starts(builder: Builder, image: str) -> None:
    shown = json.loads(builder("inspect", "--type", "image", image))["OCIv1"]["config"]

    assert shown["User"] == "petition"
    assert shown["Entrypoint"] == ["petition"]
    assert shown["Cmd"] == ["run", "--host", "0.0.0.0", "--port", "8000"]
    assert "PETITION_DATA=/data" in shown["Env"]
    assert shown["Volumes"] == {"/data": {}}
