"""Every tampered letter of the table fails the check that the table names, and no other that it does not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from petition.verifying import CHECKS, NothingChecked, open_source, verify
from tests.verifying.tampered import CASES
from tests.verifying.verdicts import wrongs

pytestmark = pytest.mark.thorough

CHECKED = [case for case in CASES.values() if case.check != "version"]
UNCHECKED = [case for case in CASES.values() if case.check == "version"]


@pytest.mark.parametrize("case", CHECKED, ids=lambda case: case.name)
def test_a_tampered_letter_is_caught(rsa_keys, verdict_of, case):
    verdict = verdict_of(case.build(rsa_keys))

    assert not verdict.ok
    assert set(wrongs(verdict)) == case.failing, wrongs(verdict)
    assert case.words in wrongs(verdict)[case.check]


@pytest.mark.parametrize("case", UNCHECKED, ids=lambda case: case.name)
def test_nothing_is_checked_in_a_log_of_another_version(rsa_keys, verdict_of, case):
    with pytest.raises(NothingChecked, match="nothing was checked") as refused:
        verdict_of(case.build(rsa_keys))

    assert case.words in str(refused.value)
    assert refused.value.check == "version"


def test_the_table_has_a_case_for_every_check_of_the_entries():
    without = {"bundles", "tiles", "root", "since", "receipt", "witnesses"}

    assert {case.check for case in CASES.values()} == set(CHECKS) - without


@pytest.mark.long
def test_the_table_can_be_written_for_other_verifiers(tmp_path):
    command = [sys.executable, "-m", "tests.verifying.tampered", str(tmp_path)]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2])
    table = json.loads((tmp_path / "cases.json").read_text())
    folder = tmp_path / "two_signatures_of_one"

    assert {row["name"] for row in table} == CASES.keys()
    assert wrongs(verify(open_source(str(folder)))).keys() == {"k"}
