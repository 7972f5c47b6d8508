"""What the programs of this directory share: their exit status and what they print, and a connection that says exactly the
bytes that it is told to. Only for servers of your own."""
import argparse
import select
import socket
import sys
import time

FAILED, SUCCEEDED, NOT_TRIED = 0, 1, 2  # what became of an attack: the exit status of its program
LIMIT = 10  # seconds for an answer of a server that is not under attack
SEGMENT = 536  # bytes, the least that a system takes at a time


def arguments(description, *more):
    """HOST PORT and the others: pairs of a name and the words of add_argument."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('host')
    parser.add_argument('port', type=int)
    for name, words in more:
        parser.add_argument(name, **words)
    return parser.parse_args()


def conclude(results):
    """Prints a line for each attempt, (what it was, did it succeed, what happened), and ends the program. An attempt that
    could not be made has None for success."""
    words = {True: 'SUCCEEDED', False: 'failed', None: 'not tried'}
    for what, success, text in results:
        print(f'{words[success]}: {what}: {text}')
    if any(success for _, success, _ in results):
        sys.exit(SUCCEEDED)
    sys.exit(NOT_TRIED if all(success is None for _, success, _ in results) else FAILED)


class Lost(Exception):
    """The server has gone, or says nothing."""


class NotTried(SystemExit):
    """The attack cannot be made on this server. Ends the program with the status for that, unless somebody goes on."""

    def __init__(self, text):
        super().__init__(NOT_TRIED)
        self.text = text
        print(f'cannot be tried: {text}')


class Plain:
    """An SMTP session in plain text. Raises NotTried when there is no connection, and Lost when it ends. With a window, the
    system keeps that many bytes for us at most, and takes them in small segments."""

    def __init__(self, host, port, window=0):
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(LIMIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if window:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        try:
            self.socket.connect((host, port))
        except OSError as error:
            raise NotTried(f'no connection: {error}') from None
        self.buffer = b''

    def receive(self):
        """What has come; b'' at the end."""
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

    def take(self):
        """Keeps what has come; raises Lost at the end of the connection."""
        more = self.receive()
        if not more:
            raise Lost(self.last_words())
        self.buffer += more

    def wait(self, pause):
        """Lets the time pass, and listens meanwhile."""
        end = time.monotonic() + pause
        while (left := end - time.monotonic()) > 0:
            if select.select([self.socket], [], [], left)[0]:
                self.take()

    def last_words(self):
        lines = self.buffer.decode('latin1').splitlines()
        return lines[-1] if lines else 'closed without a word'

    def close(self):
        self.socket.close()
