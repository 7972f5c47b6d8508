"""What the attacks on TLS share: an SMTP client in plain text, and OpenSSL's own functions, some of which Python's ssl hides
(renegotiation, key updates). Only for servers of your own."""
import ctypes
import ctypes.util
import signal
import socket
import sys

import common
from common import LIMIT, Lost, Plain, conclude  # noqa: F401  also for those who use this

TLS1_2, TLS1_3 = 0x0303, 0x0304
CTRL_MIN, CTRL_MAX, CTRL_NAME = 123, 124, 55
UPDATE_REQUESTED = 1


def arguments(description, *more):
    """Those of all attacks, and --wrapped."""
    wrapped = {'action': 'store_true', 'help': 'TLS begins with the connection, as on port 465'}
    return common.arguments(description, ('--wrapped', wrapped), *more)


def try_one(what, attempt, options):
    """Makes an attempt, which returns whether it succeeded and what happened, and ends the program. A server that goes away
    has not been attacked with success."""
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        success, text = attempt(options)
    except Lost as lost:
        success, text = False, str(lost)
    conclude([(what, success, text)])


def library(name):
    loaded = ctypes.CDLL(ctypes.util.find_library(name) or f'lib{name}.so.3')
    for function in ('SSL_CTX_new', 'TLS_client_method', 'SSL_new'):
        if name == 'ssl':
            getattr(loaded, function).restype = ctypes.c_void_p
    return loaded


class Tls(Plain):
    """The session goes on in TLS. `plain` is one that is ready for it; raises Lost when there is no handshake."""

    ssl = library('ssl')

    def __init__(self, plain, version=0, protocols=(), server_name=None):  # pylint: disable=super-init-not-called
        self.socket, self.buffer = plain.socket, b''
        self.socket.setblocking(True)
        limit = LIMIT.to_bytes(8, sys.byteorder) + bytes(8)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        context = ctypes.c_void_p(self.ssl.SSL_CTX_new(ctypes.c_void_p(self.ssl.TLS_client_method())))
        self.ssl.SSL_CTX_ctrl(context, CTRL_MIN, ctypes.c_long(version), None)
        self.ssl.SSL_CTX_ctrl(context, CTRL_MAX, ctypes.c_long(version), None)
        listed = b''.join(bytes([len(name)]) + name.encode() for name in protocols)
        if listed:
            self.ssl.SSL_CTX_set_alpn_protos(context, listed, len(listed))
        self.tls = ctypes.c_void_p(self.ssl.SSL_new(context))
        if server_name:
            self.ssl.SSL_ctrl(self.tls, CTRL_NAME, ctypes.c_long(0), server_name.encode())
        self.ssl.SSL_set_fd(self.tls, self.socket.fileno())
        if self.ssl.SSL_connect(self.tls) != 1:
            raise Lost('the TLS handshake failed')

    def receive(self):
        block = ctypes.create_string_buffer(65536)
        size = self.ssl.SSL_read(self.tls, block, len(block))
        return block.raw[:size] if size > 0 else b''

    def send(self, data):
        if self.ssl.SSL_write(self.tls, data, len(data)) != len(data):
            raise Lost('the server broke off')

    def ends(self):
        """Whether the server closes the connection, once it has answered what it has read; not if it just says no more."""
        while self.receive():
            pass
        try:
            while self.socket.recv(65536):
                pass
            return True
        except BlockingIOError:
            return False
        except OSError:
            return True

    def renegotiate(self):
        """Whether there was a second handshake."""
        return self.ssl.SSL_renegotiate(self.tls) == 1 and self.ssl.SSL_do_handshake(self.tls) == 1

    def update_keys(self):
        """A key update that asks for one in return; False when it cannot be sent any more."""
        return self.ssl.SSL_key_update(self.tls, UPDATE_REQUESTED) == 1 and self.ssl.SSL_do_handshake(self.tls) == 1


def encrypted(options, **words):
    """A session in TLS, by STARTTLS or from the connection on."""
    session = Plain(options.host, options.port)
    if options.wrapped:
        return Tls(session, **words)
    session.begin()
    reply = session.ask('STARTTLS')
    if not reply.startswith('220'):
        raise common.NotTried(reply)
    return Tls(session, **words)
