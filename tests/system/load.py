"""Many clients that send without a pause, and an account of what each of them was told.

Every message says in each line which it is, so that afterwards it can be asked of every one that was acknowledged: was
it delivered, whole, and how often?"""
import asyncio
import collections
import glob
import itertools
import os
import random
import re
import subprocess
import threading
import time

import postern

LINES = 20
LARGE = 2000  # lines: more than travels in a message between services
SUBJECT = re.compile(rb'^Subject: (\S+)$', re.M)
# How many letters a client sends in one session: some come for one, some stay.
LETTERS = (1, 1, 2, 5, 20, 500)
MOST_NOTES = 20


def numbered(name, lines=LINES):
    """A message whose every line says which it is."""
    body = b''.join(b'%s line %d of %d %s\r\n' % (name.encode(), n, lines, b'x' * 50) for n in range(1, lines + 1))
    return postern.letter(subject=name, body=body)


def name_in(letter):
    """The name of a delivered message, every byte of which must be there."""
    name = SUBJECT.search(letter)[1].decode()
    lines = int(re.search(rb' line 1 of (\d+) ', letter)[1])
    assert letter.endswith(numbered(name, lines).replace(b'\r\n', b'\n')), f'{name} is not whole'
    return name


class Surprise(Exception):
    """A reply other than the one that is due."""


class Dropped(Exception):
    """The end of the session where a reply is due."""


class Load:
    """The clients, at work as long as the with block lasts; at its end each finishes the letter in hand.

    targets: (address, port, recipient), taken in turn by the clients. source(client): the address of its next session."""

    def __init__(self, targets, clients=50, limit=postern.LIMIT, pause=0.02, sender='ann@client.example', most=None,
                 source=None):
        self.source = source
        self.targets, self.clients, self.limit, self.pause = targets, clients, limit, pause
        self.sender, self.most = sender, most  # of letters that are begun; None: as many as there is time for
        self.sent, self.acknowledged = {}, {}  # name: recipient
        self.refused, self.dropped, self.unexpected = [], [], []
        self.ending = False
        self.sessions = 0
        self.thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending = True
        self.thread.join(2 * self.limit)
        assert not self.thread.is_alive(), 'a client does not end'

    def wait_progress(self, letters=1, failures_too=True):
        """Until that many more letters were acknowledged, or something went wrong."""
        before, failures = len(self.acknowledged), self.failures()
        postern.wait_for(lambda: len(self.acknowledged) >= before + letters or
                         failures_too and self.failures() > failures, f'{letters} more letters')

    def is_over(self):
        return self.ending or self.most is not None and len(self.acknowledged) >= self.most

    def failures(self):
        return len(self.refused) + len(self.dropped) + len(self.unexpected)

    def account(self):
        """What went wrong, in words; '' when nothing did."""
        kinds = (('refused', self.refused), ('dropped', self.dropped), ('unexpected', self.unexpected))
        return '\n'.join(f'{len(notes)} {kind}: ' + '\n  '.join(notes[:MOST_NOTES]) for kind, notes in kinds if notes)

    async def _run(self):
        self.began = time.monotonic()
        await asyncio.gather(*(self._client(number) for number in range(self.clients)))

    async def _client(self, number):
        chance = random.Random(number)
        address, port, recipient = self.targets[number % len(self.targets)]
        names = (f'c{number}n{count}' for count in itertools.count(1))
        while not self.is_over():
            where = ['connect']  # what the client is doing, for the notes
            try:
                await self._session(number, address, port, recipient, names, chance.choice(LETTERS), where)
                continue
            except Surprise as error:
                self._note(self.unexpected, number, where, error)
            except (OSError, EOFError, Dropped, asyncio.TimeoutError) as error:
                refused = where == ['connect'] and isinstance(error, ConnectionRefusedError)
                self._note(self.refused if refused else self.dropped, number, where, error)
            await asyncio.sleep(self.pause)

    def _note(self, notes, number, where, error):
        at = time.strftime('%H:%M:%S') + f'.{time.time() % 1:.3f}'[2:]
        notes.append(f'{at} client {number}, step {len(where) - 1}, {where[-1]}: {error!r}')

    async def _session(self, number, address, port, recipient, names, letters, where):
        local = (self.source(number), 0) if self.source else None
        reader, writer = await asyncio.wait_for(asyncio.open_connection(address, port, local_addr=local), self.limit)
        self.sessions += 1
        port = writer.get_extra_info('sockname')[1]

        async def say(words, expected):
            where.append(f'port {port}, {words[:30]!r}')
            if words:
                writer.write(words)
            reply = await asyncio.wait_for(self._reply(reader), self.limit)
            if not reply.startswith(expected):
                raise Surprise(reply)

        try:
            await say(b'', b'220')
            await say(b'EHLO client.example\r\n', b'250')
            for _ in range(letters):
                if self.is_over():
                    break
                name = next(names)
                await say(f'MAIL FROM:<{self.sender}>\r\n'.encode(), b'250 ')
                await say(f'RCPT TO:<{recipient}>\r\n'.encode(), b'250 ')
                await say(b'DATA\r\n', b'354 ')
                self.sent[name] = recipient
                await say(numbered(name) + b'.\r\n', b'250 ')
                self.acknowledged[name] = recipient
            await say(b'QUIT\r\n', b'221 ')
        finally:
            writer.close()

    @staticmethod
    async def _reply(reader):
        whole = b''
        while True:
            line = await reader.readline()
            if not line.endswith(b'\n'):
                raise Dropped('end of the session' + (f' after {whole + line!r}' if whole + line else ''))
            whole += line
            if line[3:4] != b'-':
                return whole


def letters_in(maildir):
    """The names of the letters in a Maildir, and how often each is there; each must be whole."""
    found = collections.Counter()
    for path in glob.glob(os.path.join(maildir, 'new', '*')):
        with open(path, 'rb') as file:
            found[name_in(file.read())] += 1
    return found


def discarded(log):
    """The same of what was thrown away, by the log."""
    names = dict(re.findall(r'cleanup\[\d+\]: (\w+): message-id=<(\w+)@client\.example>', log))
    sent = re.findall(r'discard\[\d+\]: (\w+): to=<[^>]*>.* status=sent', log)
    return collections.Counter(names[queue_id] for queue_id in sent)


def processes_of(config_directory):
    """Whoever lives and was started for this configuration, by any master, or by a process of one."""
    mine = f'MAIL_CONFIG={config_directory}'.encode()
    found = set()
    for name in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{name}/environ', 'rb') as file:
                if mine in file.read().split(b'\0') and postern.is_alive(int(name)):
                    found.add(int(name))
        except OSError:
            pass  # it has ended, or is not ours to look at
    return found


class Instance:
    """A mail system that `postern start` begins, in a directory that `postern sandbox` has made."""

    def __init__(self, directory, settings=None, build=postern.BUILD):
        self.directory = directory
        with postern.Sandbox(settings=settings, directory=directory, build=build) as sandbox:
            self.postern, self.port, self.facts = sandbox.postern, sandbox.port, sandbox.facts

    def command(self, *words):
        return [self.postern, '-c', self.directory + '/etc', *words]

    def run(self, *words):
        done = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=2 * postern.LIMIT,
                              check=False)
        return done.returncode, done.stdout, done.stderr

    def start(self):
        status, output, errors = self.run('start')
        assert status == 0, errors + self.log()[-3000:]
        self.master = int(re.search(r'process (\d+)', output)[1])

    def log(self):
        with open(self.facts['log'], encoding='latin1') as file:
            return file.read()

    def processes(self, program):
        if program == 'master':
            return [self.master]
        return [pid for pid in postern.descendants(self.master) if postern.program_of(pid) == program]

    def all_processes(self):
        return processes_of(self.directory + '/etc')

    def unknown(self):
        """Processes of which master does not know."""
        return {pid for pid in self.all_processes() - set(postern.descendants(self.master)) if postern.is_alive(pid)}

    def queue_is_empty(self):
        status, output, _ = self.run('status', 'qmgr/messages')
        return status == 0 and int(output) == 0

    def running_master(self):
        with open(self.directory + '/queue/pid/master.pid', encoding='ascii') as file:
            return int(file.read())
