"""An SMTP server that records the recipients of its mails, or refuses them."""

import re
from collections.abc import Mapping
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Self, cast


class _Session(StreamRequestHandler):
    def handle(self) -> None:
        server, recipient = cast(MailServer, self.server), ""
        self._reply("220 ready")
        for line in self.rfile:
            match line[:4].upper():
                case b"EHLO" | b"HELO" | b"MAIL" | b"RSET" | b"NOOP":
                    self._reply("250 ok")
                case b"RCPT":
                    recipient = re.findall(r"<(.*)>", line.decode())[0]
                    self._reply(f"{server.refusals.get(recipient, 250)} recipient")
                case b"DATA":
                    if server.must_disconnect:
                        return
                    self._reply("354 start")
                    while self.rfile.readline() != b".\r\n":
                        pass
                    server.recipients.append(recipient)
                    self._reply("250 accepted")
                case _:
                    self._reply("221 bye")
                    return

    def _reply(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class MailServer(ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.recipients: list[str] = []
        self.refusals: Mapping[str, int] = {}
        """SMTP codes by recipient."""
        self.disconnect_after: int | None = None
        """Disconnect in place of accepting more mails than this."""

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.server_address[:2]
        return str(host), int(port)

    @property
    def must_disconnect(self) -> bool:
        return self.disconnect_after is not None and len(self.recipients) >= self.disconnect_after

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
