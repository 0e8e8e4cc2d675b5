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

    def __init__(self, world, name, talk=None):
        self.path = world.path(name)
        self.address = "unix:" + self.path
        self.talk = talk or self.talk
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

    passes(way, number) is asked before the message of that number (from 1) is passed on, way being
    "request" or "response"; without its consent the connection ends instead.
    """

    def __init__(self, world, name, upstream_path, passes=None):
        self.upstream_path = upstream_path
        self.passes = passes or (lambda way, number: True)
        self.requests = []  # (head, body), in the order in which they came
        self.responses = []
        super().__init__(world, name)

    def note(self, messages, message):
        with self.lock:
            messages.append(message)
            return len(messages)

    def talk(self, stream):
        upstream = Stream(socket.socket(socket.AF_UNIX))
        try:
            upstream.connection.connect(self.upstream_path)
            self.relay(stream, upstream)
        except OSError:
            pass  # nobody there: the client's connection ends
        finally:
            hang_up(upstream.connection)

    def relay(self, client, upstream):
        while True:
            request = client.message()
            if not request or not self.passes("request", self.note(self.requests, request)):
                return
            upstream.send(b"".join(request))
            response = upstream.message()
            if not response or not self.passes("response", self.note(self.responses, response)):
                return
            client.send(b"".join(response))


def http_answer(body, status="200 OK"):
    return (f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
