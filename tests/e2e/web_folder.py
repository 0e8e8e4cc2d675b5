# SPDX-License-Identifier: Apache-2.0
"""A folder on a web server of its own, and the certificates of https."""

import contextlib
import functools
import http.server
import os
import ssl
import subprocess
import threading


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def make_certificate(folder, name, host="localhost"):
    """Makes a key and a certificate that vouches for itself; returns the certificate's path, beside
    which the key is."""
    path = os.path.join(folder, name)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=test",
                    "-addext", f"subjectAltName=DNS:{host}", "-keyout", path + ".key", "-out", path],
                   check=True, capture_output=True)
    return path


@contextlib.contextmanager
def served(folder, certificate=None):
    """Serves a folder's files; gives the URL."""
    handler = functools.partial(Quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, certificate + ".key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"{'https' if certificate else 'http'}://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
