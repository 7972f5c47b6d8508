#!/usr/bin/env python3
"""A mail server that wastes the time of whoever delivers to it: it answers late, a byte at a time, or without an end.
    python3 remote_tarpit.py HOST PORT [--kind drip] [--pause 1] [--limit 120] [--sessions 1]
Send a letter to it. Exit status 0: nobody was held beyond the limit; 1: somebody was; 2: nobody came."""
import argparse
import asyncio
import os
import resource
import socket
import sys
import threading
import time

CAPABILITIES = ('PIPELINING', 'SIZE 10240000', '8BITMIME', 'ENHANCEDSTATUSCODES')
RECORD_OF_TLS = b'\x16\x03\x03\x3f\xff\x02'  # the beginning of a handshake record of 16 KiB


class Over(Exception):
    """The client is gone."""


class Session:
    """A good server. A kind of tarpit is a class that does one thing otherwise."""

    capabilities = CAPABILITIES

    def __init__(self, pit, reader, writer):
        self.pit, self.reader, self.writer = pit, reader, writer
        self.pause = pit.pause

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def say(self, text):
        await self.send(text.encode() + b'\r\n')

    async def drip(self, data):
        for at in range(len(data)):
            await asyncio.sleep(self.pause)
            await self.send(data[at:at + 1])

    async def forever(self, data):
        """The same again and again, a pause before each."""
        while True:
            await asyncio.sleep(self.pause)
            await self.send(data)

    async def line(self):
        line = await self.reader.readline()
        if not line:
            raise Over
        return line.decode('latin1').strip()

    async def greet(self):
        await self.say('220 tarpit.test ESMTP')

    async def run(self):
        await self.greet()
        while True:
            line = await self.line()
            await getattr(self, 'do_' + line.split(' ')[0].lower(), self.do_other)(line)

    async def do_other(self, _):
        await self.say('250 2.0.0 Ok')

    async def do_ehlo(self, _):
        await self.say('\r\n'.join(f'250-{one}' for one in ('tarpit.test', *self.capabilities)) + '\r\n250 DSN')

    async def do_data(self, _):
        await self.say('354 go on')
        await self.content()
        self.pit.taken += 1
        await self.dot()

    async def content(self):
        while await self.line() != '.':
            pass

    async def dot(self):
        await self.say('250 2.0.0 Ok: taken')

    async def do_quit(self, _):
        await self.say('221 2.0.0 Bye')
        raise Over


class Silent(Session):
    """Never greets."""

    async def greet(self):
        await self.reader.read()
        raise Over


class Late(Session):
    """Greets after the pause, and is a good server then."""

    async def greet(self):
        await asyncio.sleep(self.pause)
        await super().greet()


class Drip(Session):
    """Sends each reply a byte at a time."""

    async def say(self, text):
        await self.drip(text.encode() + b'\r\n')


class Endless(Session):
    """Has a greeting without an end, line by line."""

    async def greet(self):
        await self.forever(b'220-and more\r\n')


class Babble(Session):
    """Answers EHLO with lines that are no replies."""

    async def do_ehlo(self, _):
        await self.forever(b'well, let me think\r\n')


class LongLine(Session):
    """Answers EHLO with a line without an end, as fast as it is taken."""

    async def do_ehlo(self, _):
        while True:
            await self.send(b'2' * 65536)


class Recipients(Session):
    """Answers each RCPT just in time."""

    async def do_rcpt(self, _):
        await asyncio.sleep(self.pause)
        await self.say('250 2.1.5 Ok')


class OneByOne(Recipients):
    """The same without pipelining."""

    capabilities = CAPABILITIES[1:]


class Tiny(Session):
    """Takes content a byte at a time, with a tiny window."""

    async def content(self):
        self.writer.transport.pause_reading()
        connection = self.writer.get_extra_info('socket')
        while True:
            await asyncio.sleep(self.pause)
            try:
                os.read(connection.fileno(), 1)
            except BlockingIOError:
                pass


class NoEnd(Session):
    """Takes a message and never says so."""

    async def dot(self):
        await self.reader.read()
        raise Over


class Handshake(Session):
    """Starts TLS, and sends its part of the handshake a byte at a time."""

    capabilities = (*CAPABILITIES, 'STARTTLS')

    async def do_starttls(self, _):
        await self.say('220 2.0.0 Ready')
        await self.drip(RECORD_OF_TLS + bytes(16000))


KINDS = {'silent': Silent, 'late': Late, 'drip': Drip, 'endless': Endless, 'babble': Babble, 'long-line': LongLine,
         'recipients': Recipients, 'one-by-one': OneByOne, 'tiny': Tiny, 'no-end': NoEnd, 'handshake': Handshake,
         'good': Session}


class Tarpit:
    """A tarpit on a port of its own (all addresses of this host by default), in a thread, as long as the with block lasts.
    `held` has the seconds of each session that ended, `open` the number of those that have not."""

    def __init__(self, kind, pause=1.0, host='0.0.0.0', port=0):
        self.kind, self.pause = kind, pause
        self.held, self.open, self.most, self.taken = [], 0, 0, 0
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if kind == 'tiny':
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self.socket.bind((host, port))
        self.socket.listen(4096)
        self.port = self.socket.getsockname()[1]
        self.loop, self.ended = asyncio.new_event_loop(), asyncio.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join()

    def _run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._listen())
        self.loop.close()

    async def _listen(self):
        server = await asyncio.start_server(self._serve, sock=self.socket, backlog=4096)
        await self.ended.wait()
        server.close()
        sessions = asyncio.all_tasks() - {asyncio.current_task()}
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)

    async def _serve(self, reader, writer):
        begun = time.monotonic()
        self.open += 1
        self.most = max(self.most, self.open)
        kind = KINDS[self.kind]
        talk = asyncio.ensure_future(kind(self, reader, writer).run())
        gone = asyncio.ensure_future(self._gone(writer))
        try:
            await asyncio.wait((talk, gone), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            pass
        finally:
            self.open -= 1
            self.held.append(time.monotonic() - begun)
            gone.cancel()
            talk.cancel()
            await asyncio.gather(talk, gone, return_exceptions=True)
            writer.transport.abort()

    async def _gone(self, writer):
        """Until the client has closed its end, read or not: TCP knows."""
        connection = writer.get_extra_info('socket')
        while connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == 1:  # established
            await asyncio.sleep(min(0.25, self.pause / 2 + 0.02))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('host')
    parser.add_argument('port', type=int)
    parser.add_argument('--kind', choices=sorted(KINDS), default='drip',
                        help='; '.join(f'{name}: {kind.__doc__}' for name, kind in KINDS.items()))
    parser.add_argument('--pause', type=float, default=1, help='seconds between two bytes, lines or replies')
    parser.add_argument('--limit', type=float, default=120, help='seconds after which the attack counts as a success')
    parser.add_argument('--sessions', type=int, default=1, help='ends when so many sessions have ended')
    parser.add_argument('--wait', type=float, default=60, help='seconds in which the first client must come')
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with Tarpit(options.kind, options.pause, options.host, options.port) as pit:
        print(f'{options.kind} on port {pit.port}', flush=True)
        begun = time.monotonic()
        while len(pit.held) < options.sessions:
            time.sleep(0.1)
            passed = time.monotonic() - begun
            if not pit.open and not pit.held and passed > options.wait:
                print('nobody came')
                return 2
            if not pit.held and pit.open and passed > options.wait + options.limit:
                break
        longest = max(pit.held, default=time.monotonic() - begun)
        print(f'{len(pit.held)} sessions ended, {pit.open} last; the longest was held {longest:.1f} s; {pit.taken} letters taken')
        return int(longest > options.limit)


if __name__ == '__main__':
    sys.exit(main())
