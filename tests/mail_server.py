"""An SMTP server that takes mails and keeps to whom they were, or refuses them."""

import re
from collections.abc import Mapping
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from types import TracebackType
from typing import Self, cast


class _Session(StreamRequestHandler):
    def handle(self) -> None:
        mails, to = cast(MailServer, self.server), ""
        self._say("220 ready")
        for line in self.rfile:
            match line[:4].upper():
                case b"EHLO" | b"HELO" | b"MAIL" | b"RSET" | b"NOOP":
                    self._say("250 ok")
                case b"RCPT":
                    to = re.findall(r"<(.*)>", line.decode())[0]
                    self._say(f"{mails.refusals.get(to, 250)} so it is")
                case b"DATA":
                    if mails.is_tired:
                        return
                    self._say("354 go on")
                    while self.rfile.readline() != b".\r\n":
                        pass
                    mails.taken.append(to)
                    self._say("250 taken")
                case _:
                    self._say("221 bye")
                    return

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class MailServer(ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.taken: list[str] = []
        self.refusals: Mapping[str, int] = {}
        self.hangs_up_after: int | None = None

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.server_address[:2]
        return str(host), int(port)

    @property
    def is_tired(self) -> bool:
        return self.hangs_up_after is not None and len(self.taken) >= self.hangs_up_after

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shutdown()
        self.server_close()
