"""install.sh on Debian 12 and 13 that were just installed: what it promises, on machines that run."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from petition.operations.backup import read_backup
from petition.operations.recipients import decrypt_with, read_identities
from tests.deploy.conftest import Backup
from tests.deploy.machines import INSIDE, OUTSIDE, Machine, json_of, reachable
from tests.deploy.page import commands
from tests.deploy.test_wrapper import PLAIN
from tests.deploy.tools import NAME, ROOT, eventually, program, say

pytestmark = pytest.mark.long
URL = f"https://{NAME}"
SECRET = "/s/0123456789ABCDEF/join?x=MarkerSecret"
SERVICES = ("petition-server", "petition-onion", "petition-scheduler", "nginx", "tor@default", "nftables")
TIMERS = ("publish", "backup", "restore-check", "doctor")


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def fresh(request: pytest.FixtureRequest, boot: Callable[[str], Machine]) -> Machine:
    """A machine as Debian leaves it."""
    return boot(request.param)


@pytest.fixture(scope="module")
def shown(fresh: Machine, backup: Backup) -> tuple[str, bool]:
    """What --show says, and whether it changed nothing."""
    before = fresh.state()
    said = fresh.install("--url", URL, "--onion", "--firewall", "--recipient", backup.recipient, "--show")
    return said, before == fresh.state()


@pytest.fixture(scope="module")
def installed(fresh: Machine, shown: tuple[str, bool], backup: Backup) -> Machine:
    """The machine with everything on it, and a person who may use sudo."""
    fresh.install("--url", URL, "--onion", "--firewall", "--recipient", backup.recipient, "--yes")
    fresh.run("useradd", "--create-home", "--shell", "/bin/bash", "ana")
    fresh.run("sh", "-c", "echo 'ana ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/ana; chmod 440 /etc/sudoers.d/ana")
    return fresh


@pytest.fixture(scope="module")
def restored(installed: Machine, backup: Backup) -> Machine:
    """The machine with letters, restored from a backup as the documentation says."""
    for file in (backup.file, backup.key):
        (installed.root / "root" / file.name).write_bytes(file.read_bytes())
    shutil.copytree(backup.published, installed.root / "var/lib/petition-public/older")
    filled = {"FOLDER-or-URL": "/var/lib/petition-public/older"}
    installed.run("bash", "-e", "-s", typed="cd /root\n" + "\n".join(fill(commands("restore"), filled)))
    shutil.rmtree(installed.root / "var/lib/petition-public/older")
    eventually(lambda: installed.fetch("https://127.0.0.1/readyz").status == 200)
    return installed


def fill(lines: list[str], values: dict[str, str]) -> list[str]:
    """Commands of the page with values for the words in capitals."""
    for name, value in values.items():
        lines = [line.replace(name, value) for line in lines]
    return lines


def by_tls(here: Machine, path: str) -> tuple[int, bytes]:
    answer = here.fetch(f"https://127.0.0.1{path}")
    return answer.status, answer.body


# Installing


def test_showing_changes_nothing_and_names_every_file(shown: tuple[str, bool], installed: Machine) -> None:
    said, is_unchanged = shown

    assert is_unchanged
    for path in (
        "/etc/petition/petition.env",
        "/etc/systemd/system/petition-server.service",
        "/etc/nginx/sites-available/petition",
        "/etc/sudoers.d/petition",
        "/usr/local/sbin/petition",
        "/etc/nftables.conf",
    ):
        assert f"write {path}" in said
        assert (installed.root / path[1:]).is_file()


def test_doing_it_again_changes_nothing(installed: Machine) -> None:
    before = installed.state()
    said = installed.install("--yes")

    assert "nothing: all is as it shall be" in said
    assert installed.state() == before


def test_everything_runs_and_comes_back_after_a_restart(installed: Machine) -> None:
    assert installed.run("systemctl", "is-active", *SERVICES).split() == ["active"] * len(SERVICES)
    timers = [f"petition-{name}.timer" for name in TIMERS]
    assert installed.run("systemctl", "is-active", *timers).split() == ["active"] * len(TIMERS)
    enabled = ["petition.target", "petition-server", "petition-onion", "petition-scheduler", "nginx", "tor", *timers]
    assert installed.run("systemctl", "is-enabled", *enabled).split() == ["enabled"] * len(enabled)
    assert installed.run("systemctl", "--failed", "--no-legend").strip() == ""


def test_the_program_is_compiled_and_belongs_to_root(installed: Machine) -> None:
    release = installed.root / "opt/petition" / Path(installed.run("readlink", "/opt/petition/current").strip()).name
    modules = [path for path in release.rglob("site-packages/petition/**/*.py") if "versions" not in path.parts]

    assert len(modules) > 200
    assert [path for path in modules if not list(path.parent.glob(f"__pycache__/{path.stem}.*.pyc"))] == []
    assert {path.lstat().st_uid for path in release.rglob("*")} == {0}


def test_settings_are_for_root_alone(installed: Machine) -> None:
    path = installed.root / "etc/petition/petition.env"

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_uid == 0
    assert re.search(r"^PETITION_ONION=http://[a-z2-7]{56}\.onion$", path.read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--url", "https://letters.example.org/letters"), "The program needs a name of its own"),
        (("--url", "http://letters.example.org"), "--url must be https:// and a name"),
        (("--url", "https://other.example.org"), "Every log is named after it"),
        (("--url", URL, "--recipient", "AGE-SECRET-KEY-1ABC"), "an age public key begins with age1"),
        (("--url", URL, "--web", "apache"), "--web takes nginx, caddy or none"),
        (("--web", "none"), "nobody could reach the site"),
        (("--frob",), "There is no option --frob"),
        (("--url",), "--url needs a value"),
    ],
)
def test_a_wrong_option_is_one_sentence_and_changes_nothing(
    installed: Machine, options: tuple[str, ...], sentence: str
) -> None:
    before = installed.state()
    ran = installed.try_run("sh", "/source/deploy/install.sh", *options, "--yes")

    assert ran.returncode == 1
    assert sentence in ran.stdout
    assert installed.state() == before


def test_without_a_yes_nothing_is_done(installed: Machine) -> None:
    (installed.root / "usr/local/sbin/petition").write_text("changed")
    said = installed.try_run("sh", "/source/deploy/install.sh", typed="n\n")
    kept = (installed.root / "usr/local/sbin/petition").read_text()
    mended = installed.try_run("sh", "/source/deploy/install.sh", typed="y\n")

    assert "write /usr/local/sbin/petition" in said.stdout
    assert (said.returncode, kept) == (1, "changed")
    assert mended.returncode == 0
    assert (installed.root / "usr/local/sbin/petition").read_text() != "changed"


# The site


def test_a_restored_site_goes_on_from_what_was_published(restored: Machine, backup: Backup) -> None:
    assert not (restored.root / "var/lib/petition/key.txt").exists()
    assert not (restored.root / "root/key.txt").exists()
    found = json_of(restored.try_run("petition", "doctor", "--json").stdout)
    wrong = {finding["what"].partition(":")[0] for finding in found["findings"] if finding["level"] == "wrong"}
    assert wrong == {backup.hidden}  # no one said yet that nothing newer of it was published


def test_pages_documents_and_pictures_work_under_all_restrictions(restored: Machine, backup: Backup) -> None:
    letter = f"/letters/{backup.slug}/"

    status, page = by_tls(restored, letter)
    assert (status, b"verified" in page) == (200, True)
    status, document = by_tls(restored, f"{letter}letter.pdf")
    assert (status, document[:5]) == (200, b"%PDF-")
    status, picture = by_tls(restored, f"{letter}card.png")
    assert (status, picture[:8]) == (200, b"\x89PNG\r\n\x1a\n")
    status, chart = by_tls(restored, f"{letter}chart.svg")
    assert (status, b"<svg" in chart) == (200, True)


def test_port_80_leads_to_https_and_tells_strangers_nothing(restored: Machine) -> None:
    moved = restored.fetch(f"http://127.0.0.1{SECRET}")

    assert (moved.status, moved.headers["location"]) == (308, f"{URL}{SECRET}")
    with pytest.raises(AssertionError, match="RemoteDisconnected"):
        restored.fetch(f"http://127.0.0.1{SECRET}", host="127.0.0.1")
    with pytest.raises(AssertionError, match="SSL"):
        restored.fetch(f"https://127.0.0.1{SECRET}", name="other.example")


def test_the_onion_service_has_a_server_of_its_own(restored: Machine, backup: Backup) -> None:
    onion = (restored.root / "var/lib/tor/petition/hostname").read_text().strip()
    over_tor = restored.fetch(f"http://127.0.0.1:8081/letters/{backup.slug}/", host=onion)
    over_tls = restored.fetch(f"https://127.0.0.1/letters/{backup.slug}/")
    restored.run("systemctl", "stop", "petition-server")
    alone = restored.fetch(f"http://127.0.0.1:8081/letters/{backup.slug}/", host=onion).status
    away = restored.fetch("https://127.0.0.1/")
    restored.run("systemctl", "start", "petition-server")

    assert over_tor.status == over_tls.status == alone == 200
    assert "onion-location" not in over_tor.headers
    assert over_tls.headers["onion-location"] == f"http://{onion}/letters/{backup.slug}/"
    assert (away.status, b"Back in a minute" in away.body) == (502, True)


def test_visitors_leave_no_trace(restored: Machine) -> None:
    with reachable(restored):
        for url in (f"https://{INSIDE}{SECRET}", f"http://{INSIDE}{SECRET}"):
            subprocess.run(["curl", "-sk", "-H", f"Host: {NAME}", url, "-o", "/dev/null"], check=False)
            subprocess.run(["curl", "-sk", "--resolve", f"{NAME}:443:{INSIDE}", f"{URL}{SECRET}"], check=False)
            subprocess.run(["curl", "-sk", url], check=False)
    restored.fetch(f"http://127.0.0.1:8081{SECRET}", host="x.onion")

    logs = restored.logs()
    assert b"nginx" in logs
    assert b"MarkerSecret" not in logs
    assert OUTSIDE.encode() not in logs


# Commands


def test_what_is_typed_behind_sudo_is_in_no_log(installed: Machine) -> None:
    """In one line, and behind the prompt; what sudo logs of other commands shows that this test can fail."""
    as_ana = ("bash", "-s")
    installed.run(*as_ana, typed="sudo petition organizer add MarkerArgument\n", user="ana")
    installed.run(*as_ana, typed="printf 'organizer add MarkerPrompt\\n' | sudo petition\n", user="ana")
    installed.run(*as_ana, typed="sudo /bin/true MarkerControl\n", user="ana")
    listed = installed.run("petition", "organizer", "list")

    logs = installed.logs()
    assert {"MarkerArgument", "MarkerPrompt"} <= set(re.findall(r"Marker\w+", listed))
    assert lines_with(b"MarkerControl", logs) != []
    assert lines_with(b"MarkerArgument", logs) == lines_with(b"MarkerPrompt", logs) == []


def lines_with(marker: bytes, logs: bytes) -> list[bytes]:
    return [line for line in logs.splitlines() if marker in line]


def test_a_service_and_a_command_read_the_same_settings(installed: Machine) -> None:
    lines = [f"{name}={value}" for name, value in PLAIN.items()]
    path = installed.root / "root/some.env"
    path.write_text("# A comment\n\n" + "\n".join(lines) + "\n")
    how = ["--quiet", "--pipe", "--wait", "--property=EnvironmentFile=/root/some.env"]
    said = installed.run("systemd-run", *how, "env")

    found = dict(line.split("=", 1) for line in said.splitlines() if line.startswith("PETITION_"))
    assert {name: found.get(name, "") for name in PLAIN} == PLAIN


def test_an_ampersand_in_an_address_survives_and_nothing_is_run(installed: Machine) -> None:
    path = installed.root / "etc/petition/petition.env"
    before = path.read_text()
    subject = "A code & more; $(touch /tmp/run) `touch /tmp/run`"
    path.write_text(f"{before}PETITION_MAIL_SUBJECT={subject}\n")
    found = json_of(installed.run("petition", "config", "--json"))
    path.write_text(before)

    assert found["PETITION_MAIL_SUBJECT"]["value"] == subject
    assert found["PETITION_DATABASE_URL"]["value"] == "sqlite:////var/lib/petition/petition.db"
    assert not (installed.root / "tmp/run").exists()


def test_a_command_runs_as_the_service_and_makes_files_for_it_alone(installed: Machine) -> None:
    installed.run("petition", "organizer", "list")
    owners = installed.run("find", "/var/lib/petition", "-not", "-user", "petition", "-printf", "%p\n")
    open_to_others = installed.run("find", "/var/lib/petition", "-perm", "/077", "-type", "f", "-name", "*.db")

    assert owners.split() in ([], ["/var/lib/petition/doctor.txt"])
    assert open_to_others == ""
    assert installed.try_run("petition", "config", user="ana").returncode == 2


# Timers


def test_a_backup_is_made_that_only_its_key_opens(restored: Machine, backup: Backup) -> None:
    restored.run("systemctl", "start", "petition-backup.service")
    file = restored.root / "var/lib/petition-backup/petition.age"

    read = read_backup(decrypt_with(file.read_bytes(), read_identities(backup.key.read_text())))
    assert len(read.rows["petition"]["letter"]) == 2
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_restore_is_checked_in_memory_and_named_only_where_public(restored: Machine, backup: Backup) -> None:
    restored.run("systemctl", "start", "petition-restore-check.service")
    restored.run("journalctl", "--sync")
    said = restored.run("journalctl", "-u", "petition-restore-check", "-o", "cat", "--no-pager")

    assert f"{backup.slug}: restored and verified" in said
    assert backup.hidden not in said
    assert not (restored.root / "run/petition-restore-check").exists()


def test_the_doctor_looks_every_hour_and_names_letters_to_root_only(restored: Machine, backup: Backup) -> None:
    restored.try_run("systemctl", "start", "petition-doctor.service")
    report = restored.root / "var/lib/petition/doctor.txt"

    assert backup.hidden in report.read_text()
    assert backup.hidden.encode() not in restored.logs()
    assert (report.parent.stat().st_mode & 0o077) == 0


# Firewall


def test_only_ssh_and_the_web_are_reached_and_the_program_reaches_little(installed: Machine) -> None:
    listen = "import http.server as h; h.HTTPServer(('0.0.0.0', 9999), h.BaseHTTPRequestHandler).serve_forever()"
    with reachable(installed), subprocess.Popen([*installed.enter(), "python3", "-c", listen]) as running:
        eventually(lambda: connects(installed.enter(), "127.0.0.1", 9999))
        inward = {port: connects([], INSIDE, port) for port in (80, 443, 9999, 8000, 8081)}
        running.kill()
    with reachable(installed):
        servers = [
            subprocess.Popen(["python3", "-c", listen.replace("0.0.0.0', 9999", f"{OUTSIDE}', {port}")])
            for port in (443, 8443)
        ]
        try:
            eventually(lambda: connects([], OUTSIDE, 8443) and connects([], OUTSIDE, 443))
            as_petition = [*installed.enter("-m", "-p"), "runuser", "-u", "petition", "--"]
            outward = {port: connects(as_petition, OUTSIDE, port) for port in (443, 8443)}
            as_root = connects(installed.enter(), OUTSIDE, 8443)
        finally:
            for server in servers:
                server.kill()
                server.wait()

    assert inward == {80: True, 443: True, 9999: False, 8000: False, 8081: False}
    assert outward == {443: True, 8443: False}
    assert as_root


def connects(enter: list[str], address: str, port: int) -> bool:
    """Whether a program there can open a connection."""
    code = f"import socket; socket.create_connection(({address!r}, {port}), 2)"
    return subprocess.run([*enter, "python3", "-c", code], stderr=subprocess.DEVNULL, check=False).returncode == 0


# Seen from elsewhere, and copied there


def test_what_the_page_runs_on_another_computer_works(restored: Machine, tmp_path: Path) -> None:
    """A key for backups is made; and the doctor finds nothing wrong, and no log has what it asked for."""
    program("age-keygen")
    hosts = tmp_path / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{INSIDE} {NAME}\n")
    lines = [
        f"cd {tmp_path}",
        f"mount --bind {hosts} /etc/hosts",
        f"export SSL_CERT_FILE={restored.root}/etc/petition/tls/fullchain.pem",
        f'petition() {{ {sys.executable} -m petition "$@" --json; }}',
        *commands("elsewhere"),
    ]
    with reachable(restored):
        said = subprocess.run(
            ["unshare", "--mount", "bash", "-s"],
            input="\n".join(lines),
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
            stdout=subprocess.PIPE,
            check=False,
        ).stdout
    findings = json.loads(said.splitlines()[-1])["findings"]
    markers = {match[0] for finding in findings for match in re.finditer(r"outside-[0-9a-f]{16}", finding["what"])}

    assert (tmp_path / "key.txt").read_text().count("AGE-SECRET-KEY-1") == 1
    assert re.search(r"^age1", said, re.MULTILINE)
    assert [finding["what"] for finding in findings if finding["level"] == "wrong"] == []
    [marker] = markers
    assert lines_with(marker.encode(), restored.logs()) == []


def test_mirrors_are_copied_as_the_page_says(restored: Machine, backup: Backup, tmp_path: Path) -> None:
    program("rsync"), program("rclone")
    restored.run("systemctl", "start", "petition-publish.service")
    public = restored.root / "var/lib/petition-public"
    values = {
        "/var/lib/petition-public": str(public),
        "YOU@MIRROR:": f"{tmp_path}/rsync/",
        "REMOTE:": f"{tmp_path}/rclone/",
    }
    (tmp_path / "rsync").mkdir()
    for line in fill(commands("mirror"), {**values, "FOLDER/SLUG": f"{tmp_path}/rsync/letters/{backup.slug}"}):
        run = line.replace("petition verify", f"{sys.executable} -m petition verify")
        say(*shlex.split(run), cwd=ROOT)
    say(sys.executable, "-m", "petition", "verify", tmp_path / "rclone/letters" / backup.slug, cwd=ROOT)

    assert {path.name for path in public.iterdir()} == {backup.slug, ".nojekyll"}
    assert (tmp_path / "rsync/letters/.nojekyll").exists()
    restored.run("runuser", "-u", "nobody", "--", "cat", f"/var/lib/petition-public/{backup.slug}/index.html")


# The page itself


def test_every_command_of_the_page_works(boot: Callable[[str], Machine], backup: Backup) -> None:
    """On a fresh machine, one after the other, by a person who says yes."""
    here = boot("bookworm")
    lines = fill(commands("machine"), {"AGE-PUBLIC-KEY": backup.recipient})
    for line in lines:
        here.run("bash", "-e", "-c", f"cd /source; {line}", typed="y\n")
    begin, *typed = fill(commands("prompt"), {"NAME": "Ana"})
    said = here.run("bash", "-e", "-c", begin, typed="\n".join(typed) + "\n")

    assert f"{URL}/organize/welcome/" in said
    assert (here.root / "var/lib/petition-backup/petition.age").is_file()


# A newer release, and back


def test_a_newer_release_takes_over_and_the_older_one_can_come_back(restored: Machine, backup: Backup) -> None:
    older = restored.run("readlink", "/opt/petition/current").strip()
    restored.run("mkdir", "/root/newer")
    for part in ("petition", "templates", "migrations", "deploy", "docs", "pyproject.toml", "requirements.lock"):
        restored.run("cp", "-r", f"/source/{part}", "/root/newer")
    for part in ("README.md", "LICENSE"):
        restored.run("cp", f"/source/{part}", "/root/newer")
    with (restored.root / "root/newer/petition/__init__.py").open("a") as file:
        file.write("\nCHANGED = True\n")
    said = restored.install("--yes", source="/root/newer")
    newer = restored.run("readlink", "/opt/petition/current").strip()
    serves_newer = eventually(lambda: by_tls(restored, f"/letters/{backup.slug}/")[0] == 200)
    back = fill(commands("rollback"), {"/opt/petition/OLDER": older})
    nothing_to_undo = restored.try_run(
        "bash", "-c", "sudo systemctl stop petition.target; sudo petition rollback --yes"
    )
    restored.run("bash", "-e", "-s", typed="\n".join(line for line in back if line != "sudo petition rollback"))

    assert "restart petition.target" in said
    assert newer != older
    assert nothing_to_undo.returncode == 1
    assert "Traceback" not in nothing_to_undo.stdout
    assert serves_newer
    eventually(lambda: by_tls(restored, f"/letters/{backup.slug}/")[0] == 200)


# Other ways


def test_caddy_instead_of_nginx(boot: Callable[[str], Machine]) -> None:
    here = boot("trixie")
    here.install("--url", URL, "--web", "caddy", "--yes")

    moved = here.fetch(f"http://127.0.0.1{SECRET}")
    assert here.run("systemctl", "is-active", "caddy", "petition-server").split() == ["active", "active"]
    assert (moved.status, moved.headers["location"]) == (308, f"{URL}{SECRET}")
    assert "nothing" in here.install("--yes")


def test_reached_through_tor_only(boot: Callable[[str], Machine]) -> None:
    here = boot("bookworm")
    [command] = commands("other-machine")
    here.run("bash", "-e", "-s", typed=f"cd /source\n{command} --yes")
    onion = (here.root / "var/lib/tor/petition/hostname").read_text().strip()

    found = json_of(here.run("petition", "config", "--json"))
    assert found["PETITION_URL"]["value"] == f"http://{onion}"
    assert found["PETITION_PROXIES"]["value"] == "0"
    assert here.fetch("http://127.0.0.1:8081/readyz", host=onion).body == b"ready\n"
    assert here.try_run("systemctl", "is-active", "petition-server").stdout.strip() == "inactive"
    assert "nothing" in here.install("--yes")
