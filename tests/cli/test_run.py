"""What ``petition run`` has its processes do; that they do it is tried in tests/race."""

import pickle
import socket

from click.testing import CliRunner

from petition.cli import main
from petition.cli.run import site_works


def test_where_processes_are_not_forks_their_work_can_be_sent_to_them() -> None:
    works = site_works("127.0.0.1", 8000, 2, counts=True)

    assert [work.name for work in pickle.loads(pickle.dumps(works))] == [
        "petition-serve",
        "petition-scheduler",
        "petition-metrics",
    ]


def test_one_part_alone_is_the_only_one() -> None:
    assert [work.name for work in site_works("127.0.0.1", 8000, 2, "scheduler")] == ["petition-scheduler"]


def test_a_port_for_figures_that_is_taken_is_refused_with_the_setting_that_chooses_it(environ: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as other:
        port, free = taken.getsockname()[1], other.getsockname()[1]
        other.close()
        told = CliRunner().invoke(main, ["run", "--port", str(free)], env={**environ, "PETITION_METRICS": str(port)})

    assert told.exit_code == 1
    assert f"Port {port} " in told.stderr
    assert f"Choose another one: PETITION_METRICS={port % 65535 + 1}" in told.stderr
