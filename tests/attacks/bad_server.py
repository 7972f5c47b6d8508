"""What the attacks on mail clients share: a server in plain Python that says exactly what an attack wants, in plain text or
in TLS, and a table of attempts, one a connection. Only for clients of your own."""
import argparse
import os
import select
import socket
import ssl
import subprocess
import sys
import tempfile
import time

FAILED, SUCCEEDED, NOT_TRIED = 0, 1, 2  # what became of an attack: the exit status of its program
LIMIT = 10  # seconds for an answer of the client


class Gone(Exception):
    """The client has left, or says nothing."""


def certificate():
    """A new key and its certificate in a file, which is gone when the program ends."""
    folder = tempfile.TemporaryDirectory(prefix='bad-server-')
    path = os.path.join(folder.name, 'both.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
                    '-subj', '/CN=mx.attacker.example', '-keyout', path, '-out', path + '.crt'], check=True, capture_output=True)
    with open(path, 'a', encoding='ascii') as file, open(path + '.crt', encoding='ascii') as public:
        file.write(public.read())
    return folder, path


def context(path, newest=None):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(path)
    if newest:
        made.maximum_version = newest
    return made


class Session:
    """One client. ask() reads a command and say() answers; encrypt() changes to TLS."""

    def __init__(self, connection, options):
        self.socket, self.options = connection, options
        self.socket.settimeout(LIMIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b''

    def say(self, *lines):
        """Lines in one packet."""
        try:
            self.socket.sendall(b''.join(line.encode() + b'\r\n' for line in lines))
        except OSError as error:
            raise Gone(f'the client has left: {error}') from None

    def line(self):
        while b'\n' not in self.buffer:
            try:
                more = self.socket.recv(65536)
            except OSError as error:
                raise Gone(f'the client says nothing more: {error}') from None
            if not more:
                raise Gone('the client has left')
            self.buffer += more
        line, self.buffer = self.buffer.split(b'\n', 1)
        return line.decode('latin1').rstrip('\r')

    def hear(self, *verbs):
        """The next command, which must be one of these. Goodbyes end the session."""
        line = self.line()
        if line[:4].upper() == 'QUIT':
            raise Gone('the client says QUIT')
        if not line.upper().startswith(verbs):
            raise Gone(f'the client says {line!r} in place of {" or ".join(verbs)}')
        return line

    def hello(self, *capabilities):
        """Greeting and EHLO, or LHLO of a client that speaks LMTP."""
        self.say('220 mx.attacker.example ESMTP')
        self.ehlo(*capabilities)

    def ehlo(self, *capabilities):
        self.hear('EHLO', 'LHLO')
        lines = ['mx.attacker.example', *capabilities]
        self.say(*(f'250-{word}' for word in lines[:-1]), f'250 {lines[-1]}')

    def starttls(self, *behind):
        """The reply to STARTTLS, with something behind it in the same packet; then the handshake."""
        self.hear('STARTTLS')
        self.say('220 go ahead', *behind)
        self.encrypt()

    def encrypt(self, newest=None, behind=None):
        """The handshake. `behind`: a line that leaves in one packet with the end of it, which is the server's turn in TLS 1.2."""
        try:
            if behind:
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
            self.socket = context(self.options.certificate, newest).wrap_socket(self.socket, server_side=True)
        except OSError as error:
            raise Gone(f'no TLS handshake: {error}') from None
        if behind:
            self.say(behind)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)

    def take_letter(self):
        """The rest of a good session; true when the client hands over its letter."""
        for verb, reply in (('MAIL', '250 2.1.0 Ok'), ('RCPT', '250 2.1.5 Ok'), ('DATA', '354 go')):
            self.hear(verb)
            self.say(reply)
        while self.line() != '.':
            pass
        self.say('250 2.0.0 Ok: taken')
        return True

    def close(self):
        self.socket.close()


def arguments(description, names):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('host', help='the address to listen at')
    parser.add_argument('port', type=int)
    parser.add_argument('--attempt', action='append', choices=list(names),
                        help='only these, one a connection; all of them, again and again, if none is named')
    parser.add_argument('--certificate', help='a file with key and certificate; a new one is made without it')
    parser.add_argument('--wait', type=float, default=60, help='seconds without a client after which it ends')
    return parser.parse_args()


def serve(description, attempts):
    """Listens, and does what ATTEMPTS says: a function of the session for each name, which returns what the client did that
    it should not have done, or raises Gone. Ends the program when each attempt was met by a client."""
    options = arguments(description, attempts)
    folder = None
    if not options.certificate:
        folder, options.certificate = certificate()
    names = options.attempt or list(attempts)
    results = {}
    with socket.create_server((options.host, options.port)) as listener:
        print(f'listening at [{options.host}]:{options.port}', flush=True)
        end = time.monotonic() + options.wait
        while len(results) < len(names) and time.monotonic() < end:
            if not select.select([listener], [], [], 1)[0]:
                continue
            name = names[len(results)]
            session = Session(listener.accept()[0], options)
            try:
                harm = attempts[name](session)
                results[name] = (bool(harm), harm or 'the client noticed nothing, and lost nothing')
            except Gone as gone:
                results[name] = (False, str(gone))
            finally:
                session.close()
            print(f'{"SUCCEEDED" if results[name][0] else "failed"}: {name}: {results[name][1]}', flush=True)
            end = time.monotonic() + options.wait
    del folder
    if not results:
        sys.exit(NOT_TRIED)
    sys.exit(SUCCEEDED if any(harm for harm, _ in results.values()) else FAILED)
