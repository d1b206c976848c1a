"""Asks this machine's own server, no matter which proxy the environment names."""

import urllib.error
import urllib.request

NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def status_of(address: str, seconds: float) -> int:
    """The status with which a server answers at an address in time; 0 where none does."""
    try:
        with NO_PROXY.open(address, timeout=seconds) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0
