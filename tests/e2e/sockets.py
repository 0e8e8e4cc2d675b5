# SPDX-License-Identifier: Apache-2.0
"""Listeners on Unix sockets: a proxy that records what passes, and peers that misbehave."""

import re
import socket
import threading


class Stream:
    """HTTP messages out of a socket; keeps all bytes that came."""

    def __init__(self, connection):
        self.connection = connection
        self.bytes = bytearray()
        self.used = 0

    def receive(self):
        """Returns False when the other side has ended."""
        try:
            chunk = self.connection.recv(65536)
        except OSError:
            return False
        self.bytes += chunk
        return bool(chunk)

    def message(self):
        """Returns the next message's head and body, or None at the end."""
        while b"\r\n\r\n" not in self.bytes[self.used:]:
            if not self.receive():
                return None
        start = self.bytes.index(b"\r\n\r\n", self.used) + 4
        head = bytes(self.bytes[self.used:start])
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)\r\n", head)
        end = start + (int(length[1]) if length else 0)
        while len(self.bytes) < end:
            if not self.receive():
                return None
        self.used = end
        return head, bytes(self.bytes[start:end])

    def send(self, content):
        try:
            self.connection.sendall(content)
        except OSError:
            pass  # the other side has ended, which recv tells too


class Listener:
    """Takes connections at a path, each in a thread of its own, until the case ends."""

    def __init__(self, world, name):
        self.path = world.path(name)
        self.address = "unix:" + self.path
        self.lock = threading.Lock()
        self.streams = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()
        world.stack.callback(self.close)

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            stream = Stream(connection)
            with self.lock:
                self.streams.append(stream)
            threading.Thread(target=self.serve, args=(stream,), daemon=True).start()

    def serve(self, stream):
        try:
            self.talk(stream)
        finally:
            hang_up(stream.connection)

    def close(self):
        hang_up(self.socket)
        with self.lock:
            for stream in self.streams:
                hang_up(stream.connection)

    def talk(self, stream):
        """Speaks with one client; the connection ends with it."""
        raise NotImplementedError

    def received_bytes(self):
        """Returns all that clients sent, one entry a connection."""
        with self.lock:
            return [bytes(stream.bytes) for stream in self.streams]


def hang_up(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in it
    except OSError:
        pass
    connection.close()


class Proxy(Listener):
    """Passes messages on, both ways, and records them.

    pass_on(way, number, head, body) gives the bytes to send on in place of the message of that
    number (from 1), way being "request" or "response"; with None the connection ends instead.
    """

    def __init__(self, world, name, upstream_path, pass_on=None):
        self.upstream_path = upstream_path
        self.pass_on = pass_on or (lambda way, number, head, body: head + body)
        self.messages = {"request": [], "response": []}  # (head, body), in the order they came in
        super().__init__(world, name)

    @property
    def requests(self):
        return self.messages["request"]

    @property
    def responses(self):
        return self.messages["response"]

    def talk(self, stream):
        upstream = Stream(socket.socket(socket.AF_UNIX))
        try:
            upstream.connection.connect(self.upstream_path)
            while (self.relay("request", stream, upstream) and
                   self.relay("response", upstream, stream)):
                pass
        except OSError:
            pass  # nobody there: the client's connection ends
        finally:
            hang_up(upstream.connection)

    def relay(self, way, source, target):
        """Passes one message on; returns whether there may be more."""
        message = source.message()
        if not message:
            return False
        with self.lock:
            self.messages[way].append(message)
            number = len(self.messages[way])
        content = self.pass_on(way, number, *message)
        if content is not None:
            target.send(content)
        return content is not None


class Peer(Listener):
    """Reads requests, and has talk(stream) for each."""

    def __init__(self, world, name, answer):
        self.answer = answer
        super().__init__(world, name)

    def talk(self, stream):
        while stream.message() and self.answer(stream):
            pass


def http_answer(body, status="200 OK"):
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
