"""What the attacks on TLS share: an SMTP client in plain text, and OpenSSL's own functions, some of which Python's ssl hides
(renegotiation, key updates). Only for servers of your own."""
import argparse
import ctypes
import ctypes.util
import socket
import sys

FAILED, SUCCEEDED, NOT_TRIED = 0, 1, 2  # what became of an attack: the exit status of its program
LIMIT = 10  # seconds for an answer

TLS1_2, TLS1_3 = 0x0303, 0x0304
CTRL_MIN, CTRL_MAX, CTRL_NAME = 123, 124, 55
UPDATE_REQUESTED = 1


def arguments(description, *more):
    """HOST PORT and the others: pairs of a name and the words of add_argument."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('host')
    parser.add_argument('port', type=int)
    parser.add_argument('--wrapped', action='store_true', help='TLS begins with the connection, as on port 465')
    for name, words in more:
        parser.add_argument(name, **words)
    return parser.parse_args()


def conclude(results):
    """Prints a line for each attempt, (what it was, did it succeed, what happened), and ends the program."""
    for what, success, text in results:
        print(f'{"SUCCEEDED" if success else "failed"}: {what}: {text}')
    sys.exit(SUCCEEDED if any(success for _, success, _ in results) else FAILED)


class Lost(Exception):
    """The server has gone, or says nothing."""


class Plain:
    """An SMTP session in plain text."""

    def __init__(self, host, port):
        try:
            self.socket = socket.create_connection((host, port), LIMIT)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            print(f'cannot be tried: {error}')
            sys.exit(NOT_TRIED)
        self.buffer = b''

    def receive(self):
        try:
            return self.socket.recv(65536)
        except OSError as error:
            raise Lost(f'no answer: {error}') from None

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Lost(f'connection lost: {error}') from None

    def line(self):
        while b'\n' not in self.buffer:
            more = self.receive()
            if not more:
                raise Lost('the server closed the connection')
            self.buffer += more
        line, self.buffer = self.buffer.split(b'\n', 1)
        return line.decode('latin1').rstrip('\r')

    def reply(self):
        """The last line of the next reply."""
        line = self.line()
        while line[3:4] == '-':
            line = self.line()
        return line

    def ask(self, command):
        self.send(command.encode('latin1') + b'\r\n')
        return self.reply()

    def begin(self):
        """Past the greeting and EHLO."""
        self.reply()
        return self.ask('EHLO attacker.example')

    def ends(self):
        """Whether the server closes the connection, without a word more."""
        try:
            while self.receive():
                pass
            return True
        except Lost as lost:
            return 'timed out' not in str(lost)

    def close(self):
        self.socket.close()


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
        print(f'cannot be tried: {reply}')
        sys.exit(NOT_TRIED)
    return Tls(session, **words)
