#!/usr/bin/env python3
"""A client that does whatever keeps a server waiting: nothing at all, or a byte now and then, in each phase of a session.
    python3 trickle.py HOST PORT [--wrapped-port 465] [--pause 1] [--request 300] [--first 300] [--handshake 300] [--session 3600]
The options name the limits that the server has; it is held in all phases at once. 1: it was held for longer in one of them."""
import random
import socket
import ssl
import threading
import time

import common

GRACE = 2  # seconds that a server may take to end a session whose time is over
TINY = 1   # the system rounds a window up to the least that there is
ESTABLISHED = 1


class Held(Exception):
    """The server holds on, though the limit is over."""


class Trickler(common.Plain):
    def __init__(self, options, port, window=0):
        super().__init__(options.host, port, window)
        self.options, self.begun, self.end = options, None, None

    def clock(self, limit):
        """From now on the server is kept waiting, and should bear it that long."""
        self.begun = time.monotonic()
        self.end = self.begun + limit + GRACE

    def rest(self):
        """The time between two bytes."""
        self.wait(self.options.pause)
        if time.monotonic() > self.end:
            raise Held

    def drip(self, data=b''):
        """A byte at a time; when there are no more, more of the last."""
        for at in range(len(data)):
            self.send(data[at:at + 1])
            self.rest()
        while True:
            self.send(data[-1:])
            self.rest()

    def seal(self, data):
        """As it goes over the wire."""
        return data

    def expect(self, command, code):
        reply = self.ask(command)
        if not reply.startswith(code):
            raise common.NotTried(f'{command}: {reply}')

    def envelope(self):
        self.expect('MAIL FROM:<trickler@attacker.example>', '250')
        self.expect(f'RCPT TO:<{self.options.to}>', '250')


class Encrypted(Trickler):
    """The session goes on in TLS, but its bytes go through our hands: `put` sends them as they are."""

    def __init__(self, plain):  # pylint: disable=super-init-not-called
        self.__dict__.update(plain.__dict__)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing)

    put = common.Plain.send

    def hello(self):
        """The first flight of a handshake."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return self.outgoing.read()
        raise common.NotTried('no handshake')

    def shake_hands(self):
        self.put(self.hello())
        while True:
            self.incoming.write(super().receive())
            try:
                self.tls.do_handshake()
                self.put(self.outgoing.read())
                return
            except ssl.SSLWantReadError:
                self.put(self.outgoing.read())
            except ssl.SSLError as error:
                raise common.NotTried(f'no handshake: {error}') from None

    def seal(self, data):
        self.tls.write(data)
        return self.outgoing.read()

    def send(self, data):
        self.put(self.seal(data))

    def unseal(self):
        """What the records so far hold; b'' when there is none yet."""
        try:
            return self.tls.read(65536)
        except ssl.SSLWantReadError:
            return b''
        except ssl.SSLError as error:
            raise common.Lost(str(error)) from None

    def receive(self):
        while not (data := self.unseal()):
            more = super().receive()
            if not more:
                return b''
            self.incoming.write(more)
        return data

    def take(self):
        more = common.Plain.receive(self)
        if not more:
            raise common.Lost(self.last_words())
        self.incoming.write(more)
        self.buffer += self.unseal()


# What keeps the server waiting. Each is given a session before its greeting, and starts the clock itself.

def silence(session, limit):
    session.reply()
    session.clock(limit)
    while True:
        session.rest()


def first_command(session, limit):
    session.reply()
    session.clock(limit)
    session.drip(b'EHLO attacker.exampl')


def command(session, limit):
    session.begin()
    session.clock(limit)
    session.drip(b'MAIL FROM:<a')


def long_line(session, limit):
    session.begin()
    session.clock(limit)
    session.send(b'x' * 5000)
    session.drip(b'x')


def content(session, limit):
    session.begin()
    session.envelope()
    session.expect('DATA', '354')
    session.clock(limit)
    session.drip(b'Subject: a long story\r\n\r\nx')


def chunk(session, limit):
    session.begin()
    session.envelope()
    session.send(b'BDAT 1000000 LAST\r\n')
    session.clock(limit)
    session.drip(b'Subject: a long story\r\n\r\nx')


def replies(session, limit):
    """Many commands at once; the replies to them are read a byte at a time."""
    drink(session, limit, 1)


def sips(session, limit):
    """The same, but read so much at a time that the server can always write a little."""
    drink(session, limit, 2 * common.SEGMENT)


def drink(session, limit, sip):
    session.begin()
    session.clock(limit)
    session.socket.settimeout(0)
    flood = b''
    while time.monotonic() < session.end:
        flood = flood or session.seal(b'EHLO a\r\n' * 2000)
        try:
            flood = flood[session.socket.send(flood):]
        except BlockingIOError:
            pass
        except OSError as error:
            raise common.Lost(str(error)) from None
        swallow(session, sip)
        time.sleep(min(session.options.pause, 0.2))
    raise Held


def swallow(session, sip):
    """Raises Lost when the server has gone, be there more to read or not."""
    if session.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != ESTABLISHED:
        raise common.Lost('the server has gone')
    try:
        session.socket.recv(sip)
    except BlockingIOError:
        pass
    except OSError as error:
        raise common.Lost(str(error)) from None


def idle_commands(session, limit):
    """A command now and then, each of them in time."""
    session.begin()
    session.clock(limit)
    while True:
        session.send(b'NOOP\r\n')
        session.rest()


def record(session, limit):
    """A record of TLS that holds many commands, its bytes one at a time."""
    session.begin()
    session.clock(limit)
    for byte in session.seal(b'NOOP\r\n' * 2500):
        session.put(bytes([byte]))
        session.rest()


def handshake(session, limit):
    session.clock(limit)
    hello = Encrypted(session).hello()
    for at in range(len(hello)):
        session.send(hello[at:at + 1])
        session.rest()
    while True:
        session.rest()


def starttls_handshake(session, limit):
    session.begin()
    session.expect('STARTTLS', '220')
    handshake(session, limit)


# How a session starts.

def plain(options, window):
    return Trickler(options, options.port, window)


def starttls(options, window):
    session = plain(options, window)
    session.begin()
    session.expect('STARTTLS', '220')
    session = Encrypted(session)
    session.shake_hands()
    session.buffer = b'220 there is no second greeting\r\n'
    return session


def unfinished(options, window):
    if not options.wrapped_port:
        raise common.NotTried('no --wrapped-port')
    return Trickler(options, options.wrapped_port, window)


def wrapped(options, window):
    session = Encrypted(unfinished(options, window))
    session.shake_hands()
    return session


# Which limit of the server applies, how the session starts, what keeps the server waiting.
PHASES = {
    'silence': ('first', plain, silence),
    'first command': ('first', plain, first_command),
    'command': ('request', plain, command),
    'long line': ('request', plain, long_line),
    'content': ('request', plain, content),
    'chunk': ('request', plain, chunk),
    'replies': ('request', plain, replies),
    'replies in sips': ('session', plain, sips),
    'idle commands': ('session', plain, idle_commands),
    'handshake': ('handshake', plain, starttls_handshake),
    'command in TLS': ('request', starttls, command),
    'long line in TLS': ('request', starttls, long_line),
    'content in TLS': ('request', starttls, content),
    'chunk in TLS': ('request', starttls, chunk),
    'replies in TLS': ('request', starttls, replies),
    'idle commands in TLS': ('session', starttls, idle_commands),
    'record of TLS': ('request', starttls, record),
    'handshake, wrapped': ('handshake', unfinished, handshake),
    'silence, wrapped': ('first', wrapped, silence),
    'first command, wrapped': ('first', wrapped, first_command),
}


def attempt(options, name):
    """(Did it succeed, what happened, the seconds that the server was held)."""
    limit_name, start, hold = PHASES[name]
    limit = getattr(options, limit_name)
    session = None
    try:
        session = start(options, TINY if hold in (replies, sips) else 0)
        hold(session, limit)
        return None, 'nothing left to send', 0
    except common.NotTried as error:
        return None, error.text, 0
    except Held:
        return True, f'held for {limit + GRACE:.1f} s, and no end; its limit is {limit:.1f} s', limit + GRACE
    except common.Lost as error:
        if not session or not session.begun:
            return None, f'before it began: {error}', 0
        held = time.monotonic() - session.begun
        return held > limit + GRACE, f'ended after {held:.1f} s, its limit is {limit:.1f} s: {error}', held
    finally:
        if session:
            session.close()


def all_at_once(options, names=None):
    """Every phase in a thread: {name: (success, text, seconds)}."""
    found = {}
    threads = [threading.Thread(target=lambda name=name: found.update({name: attempt(options, name)}))
               for name in names or PHASES]
    random.shuffle(threads)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {name: found[name] for name in names or PHASES}


def main():
    number = {'type': float}
    options = common.arguments(
        __doc__,
        ('--wrapped-port', {'type': int, 'help': 'a port where TLS begins with the connection'}),
        ('--pause', {**number, 'default': 1, 'help': 'seconds between two bytes (1)'}),
        ('--request', {**number, 'default': 300, 'help': 'what one command and its reply may take (300)'}),
        ('--first', {**number, 'default': 300, 'help': 'what the first command may take (300)'}),
        ('--handshake', {**number, 'default': 300, 'help': 'what a handshake may take (300)'}),
        ('--session', {**number, 'default': 3600, 'help': 'what a session may take (3600)'}),
        ('--to', {'default': 'postmaster', 'help': 'a recipient that the server takes'}),
        ('--phases', {'nargs': '*', 'choices': PHASES, 'metavar': 'PHASE', 'help': f'of {", ".join(PHASES)} (all)'}))
    found = all_at_once(options, options.phases)
    common.conclude([(name, success, text) for name, (success, text, _) in found.items()])


if __name__ == '__main__':
    main()
