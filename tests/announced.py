"""Real servers on loopback for the tests of announcements: SMTP and HTTP, with and without TLS, honest and hostile."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
Serve = Callable[[socket.socket], None]


def certificate(folder: Path, name: str) -> Path:
    """Write a certificate that nobody has signed, with its key, for a host's name or address."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    with suppress(ValueError):
        known: x509.GeneralName = x509.IPAddress(ip_address(name))
    if not name[0].isdigit():
        known = x509.DNSName(name)
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([known]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


def context(path: Path) -> ssl.SSLContext:
    """The server's side of TLS with a certificate."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(path)
    return made


@contextmanager
def listening(serve: Serve) -> Iterator[int]:
    """Serve every connection on a thread of its own; gives the port."""
    with socket.create_server((HOST, 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=_quietly, args=(serve, connection), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def webhook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Take what is posted; gives the address and the list it grows in. Ends with its thread: one that is left polls for ever."""
    posts: list[dict[str, Any]] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer((HOST, 0), Taking) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}/secret", posts
        finally:
            server.shutdown()
            thread.join()


def _quietly(serve: Serve, connection: socket.socket) -> None:
    with suppress(OSError), connection:
        serve(connection)


class Smtp:
    """An SMTP server that notes what it is told.

    Args:
        tls: Speak TLS from the first byte.
        starttls: Offer STARTTLS; ``None``: do not.
        refuses: What it answers to a login, instead of accepting it.
    """

    def __init__(
        self, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None, refuses: str = ""
    ) -> None:
        self.tls, self.starttls, self.refuses = tls, starttls, refuses
        self.commands: list[str] = []
        self.mail = b""

    @property
    def logins(self) -> list[str]:
        return [line for line in self.commands if line.upper().startswith("AUTH")]

    def __call__(self, connection: socket.socket) -> None:
        if self.tls is not None:
            connection = self.tls.wrap_socket(connection, server_side=True)
        connection.sendall(b"220 test\r\n")
        stream = connection.makefile("rb")
        while line := stream.readline():
            told = line.decode().strip()
            self.commands.append(told)
            word = told.split(" ")[0].upper()
            if word == "STARTTLS" and self.starttls is not None:
                connection.sendall(b"220 go\r\n")
                connection = self.starttls.wrap_socket(connection, server_side=True)
                stream = connection.makefile("rb")
            elif word == "DATA":
                connection.sendall(b"354 go\r\n")
                while (part := stream.readline()) not in (b".\r\n", b""):
                    self.mail += part
                connection.sendall(b"250 taken\r\n")
            elif word == "QUIT":
                connection.sendall(b"221 bye\r\n")
                return
            else:
                connection.sendall(self._answer(word))

    def _answer(self, word: str) -> bytes:
        if word == "EHLO":
            offers = "250-STARTTLS\r\n" if self.starttls is not None else ""
            return f"250-test\r\n{offers}250 AUTH PLAIN LOGIN\r\n".encode()
        if word == "AUTH":
            return f"{self.refuses or '235 welcome'}\r\n".encode()
        return b"250 yes\r\n" if word in ("MAIL", "RCPT", "RSET", "NOOP", "HELO") else b"502 what\r\n"


class Http:
    """An HTTP server that notes the requests and answers all of them alike."""

    def __init__(self, answer: str = "200 OK", headers: str = "", tls: ssl.SSLContext | None = None) -> None:
        self.answer, self.headers, self.tls = answer, headers, tls
        self.requests: list[bytes] = []

    def __call__(self, connection: socket.socket) -> None:
        if self.tls is not None:
            connection = self.tls.wrap_socket(connection, server_side=True)
        stream = connection.makefile("rb")
        head, length = b"", 0
        while (line := stream.readline()) not in (b"\r\n", b""):
            head += line
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        self.requests.append(head + b"\r\n" + stream.read(length))
        connection.sendall(f"HTTP/1.1 {self.answer}\r\n{self.headers}Content-Length: 0\r\n\r\n".encode())


def silent(connection: socket.socket) -> None:
    """Take everything and say nothing."""
    while connection.recv(65_536):
        pass


def dripping(begin: bytes) -> Serve:
    """Begin an answer and go on with a byte every now and then, for ever."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(begin)
        while True:
            connection.sendall(b"x")
            time.sleep(0.2)

    return serve
