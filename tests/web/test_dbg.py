import traceback

import petition.logs as lg
from tests.web.test_rubbish import STRICT, _fields


def test_dbg(shared, prober, monkeypatch):
    old = lg.logging.Logger.error

    def error(self, *a, **k):
        traceback.print_exc(limit=-6)
        return old(self, *a, **k)

    monkeypatch.setattr(lg.logging.Logger, "error", error)
    path = shared.a_draft().desk + "write"
    prober.form(path, dict.fromkeys(_fields(path), b"\xff\xed\xa0\x80"))


test_dbg = STRICT(test_dbg)
