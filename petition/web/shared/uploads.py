"""Requests whose files stay in memory: no text that a visitor sends touches the disk on its way."""

from io import BytesIO
from typing import IO, Any

from flask import Request


class InMemoryRequest(Request):
    """Bodies are small here, so a file needs no temporary one."""

    def _get_file_stream(self, *_: Any, **__: Any) -> IO[bytes]:
        return BytesIO()
