"""A mail server that does what the world does: it accepts, defers, rejects, and hangs up, at random, at every step.

As a program: sink.py JOURNAL SEED TROUBLE. It listens on a free port of all loopback addresses, prints the port, and keeps a
journal, a line for each message that it took: `accepted NAME RECIPIENT answered` or `… unanswered` when it hung up instead of
saying 250 (the sender cannot know, and sends it again), and `rejected NAME RECIPIENT` where it refused for good."""
import asyncio
import random
import re
import sys

SUBJECT = re.compile(rb'^Subject: (\S+)', re.M)


class Closed(Exception):
    """We hung up, or the client did."""


class Sink:
    def __init__(self, journal, seed, trouble):
        self.journal, self.chance, self.trouble = open(journal, 'a', buffering=1, encoding='ascii'), random.Random(seed), trouble

    async def start(self):
        server = await asyncio.start_server(self.session, '0.0.0.0', 0, backlog=1000, limit=1 << 20)
        return server, server.sockets[0].getsockname()[1]

    def mood(self, *moods):
        """One of the moods, or none: the usual."""
        return self.chance.choice(moods) if self.chance.random() < self.trouble else None

    async def session(self, reader, writer):
        try:
            await self.talk(reader, writer)
        except (Closed, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def talk(self, reader, writer):
        def say(text):
            writer.write(text.encode() + b'\r\n')

        def mood(step):
            """Says what goes wrong at this step; False when nothing does."""
            kind = self.mood('defer', 'reject', 'hang up')
            if kind == 'hang up':
                raise Closed
            if kind:
                say(f'450 4.2.0 {step}: not now' if kind == 'defer' else f'550 5.7.0 {step}: never')
            return kind

        if self.mood('away') is not None and self.chance.random() < 0.2:
            say('421 4.3.2 away')
            raise Closed
        say('220 sink.test ESMTP')
        recipients, has_sender = [], False
        while line := await reader.readline():
            words = line.decode('latin1').strip()
            verb = words[:4].upper()
            if verb == 'EHLO':
                say('250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 50000000')
            elif verb == 'MAIL':
                recipients, has_sender = [], not mood('sender')
                if has_sender:
                    say('250 2.1.0 Ok')
            elif verb == 'RCPT':
                if not has_sender:
                    say('503 5.5.1 need MAIL')
                elif not mood('recipient'):
                    recipients.append(re.search('<(.*?)>', words)[1])
                    say('250 2.1.5 Ok')
            elif verb == 'DATA':
                if not recipients:
                    say('554 5.5.1 no valid recipients')
                    continue
                if mood('data'):
                    continue
                say('354 go on')
                await writer.drain()
                content = await self.content(reader)
                self.conclude(SUBJECT.search(content)[1].decode(), recipients, say, mood)
            elif verb == 'QUIT':
                say('221 2.0.0 Bye')
                raise Closed
            else:
                say('250 2.0.0 Ok')
            await writer.drain()

    async def content(self, reader):
        lines = []
        while True:
            line = await reader.readline()
            if not line or len(lines) > 5 and self.chance.random() < self.trouble / 100:
                raise Closed
            if line == b'.\r\n':
                return b''.join(lines)
            lines.append(line)

    def conclude(self, name, recipients, say, mood):
        kind = self.mood('defer', 'reject', 'forget', 'hang up')
        if kind == 'hang up':
            raise Closed
        if kind == 'defer':
            return say('451 4.3.0 message: not now')
        if kind == 'reject':
            for recipient in recipients:
                self.journal.write(f'rejected {name} {recipient} answered\n')
            return say('554 5.6.0 message: never')
        answered = 'unanswered' if kind == 'forget' else 'answered'
        for recipient in recipients:
            self.journal.write(f'accepted {name} {recipient} {answered}\n')
        if kind == 'forget':
            raise Closed
        return say(f'250 2.0.0 Ok: {name}')


async def main(journal, seed, trouble):
    server, port = await Sink(journal, seed, float(trouble)).start()
    print(port, flush=True)
    async with server:
        await server.serve_forever()


if __name__ == '__main__':
    asyncio.run(main(*sys.argv[1:]))
