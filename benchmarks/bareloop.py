"""What uploads are measured against: receive, hash, write; one flush at the end. No more."""

import hashlib
import os
import socket
import sys
from pathlib import Path

from client import HOST, MIB, content_length

_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def main(folder: Path, port: int) -> None:
    """Take one body after the other, every byte of it, the multipart framing included."""
    buffer = memoryview(bytearray(MIB))
    with socket.create_server((HOST, port)) as listener:
        while True:
            connection, _ = listener.accept()
            with connection:
                _take(connection, folder / "body", buffer)


def _take(connection: socket.socket, path: Path, buffer: memoryview) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(1024)
    head, _, start = head.partition(b"\r\n\r\n")
    left = content_length(head)
    hasher = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    chunk = memoryview(start)
    while True:
        hasher.update(chunk)
        os.write(descriptor, chunk)
        left -= len(chunk)
        if left <= 0:
            break
        chunk = buffer[: connection.recv_into(buffer)]
        assert chunk, "the connection was closed before the end"
    os.fsync(descriptor)
    hasher.hexdigest()
    connection.sendall(_ANSWER)
    os.close(descriptor)
    path.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(os.environ["MEDIA_PORT"]))
