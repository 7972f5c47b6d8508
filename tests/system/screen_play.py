"""Plays clients from a table against a system whose front door is a postscreen: Debian's Postfix, or Postern.

The table is the files screen_cases/*.txt. In these
  macro NAME     steps that others name as {NAME}
  group NAME     a service; its settings follow, NAME = VALUE; `group NAME ours` is none of Postfix
  case NAME      a client of that service with addresses of its own; its steps follow:
    > TEXT       sends a line               >> TEXT  sends exactly this, with \\r, \\n, \\x00 written so
    < TEXT       the next line is this      ~ TEXT   the next line matches this regular expression
    .            the server ends it         x        the client ends it       !  the client resets it
    = NAME       goes on with connection NAME, and opens it if it is new (the digit in b2 counts client addresses);
                 = NAME GROUP opens it to the service of another group
    ? TEXT       waits for this in the log  + N      waits N seconds: something runs out
    ^            the client starts TLS
    % N          at least N seconds have gone since the client came
    : ADDRESS    the log knows the client by this address
    * DOMAIN ANSWERS [ttl]  before all: this DNS list has the client (answers with commas between)
    | TEXT       the next line of the log about this client; where it stands among other steps is of no account
In lines of the log @ is the client and $ the server, with their ports, T a time; in all texts ADDR is the client's address,
@1 and ADDR1 its next one. A letter before a step makes it one of a single system: p of Postfix, o of ours."""
import glob
import os
import re
import socket
import ssl
import threading
import time

import postern

PATIENCE = 15
STEP = re.compile(r'([po]?)(>>|[<>~.x!=?+%|:*^])(?: (.*))?$')
SAID = re.compile(r' postfix/(?:[\w-]+/)?(?:postscreen|dnsblog)\[\d+\]: (.*)')
ADDRESS = re.compile(r'\[([0-9a-f.:]+)\]')


class Group:
    def __init__(self, is_ours):
        self.settings, self.cases, self.is_ours = {}, {}, is_ours


def read_table(folder):
    """The groups, by name."""
    groups, macros, into = {}, {}, None
    for path in sorted(glob.glob(os.path.join(folder, '*.txt'))):
        with open(path, encoding='utf-8') as file:
            for line in filter(str.strip, file):
                word, _, rest = line.strip().partition(' ')
                if line.startswith('#'):
                    continue
                if line[0] == ' ':
                    into(line.strip())
                elif word == 'group':
                    name, _, whose = rest.partition(' ')
                    assert name not in groups, name
                    group = groups[name] = Group(whose == 'ours')
                    into = lambda text, group=group: group.settings.update([re.split(' *= *', text, maxsplit=1)])
                else:
                    assert word in ('macro', 'case'), line
                    steps = []
                    (macros if word == 'macro' else group.cases)[rest] = steps
                    into = lambda text, steps=steps: steps.extend(expanded(text, macros))
    return groups


def expanded(text, macros):
    """A step, or those of a macro: {NAME}, or o{NAME} for a single system."""
    found = re.match(r'([po]?)\{(\w+)\}$', text)
    return [found[1] + step for step in macros[found[2]]] if found else [text]


def steps_of(lines, letter):
    """Those of one system: (kind, text)."""
    for line in lines:
        found = STEP.match(line)
        assert found, f'no step: {line}'
        if found[1] in ('', letter):
            yield found[2], found[3] or ''


def raw(text):
    return text.encode('latin1').decode('unicode_escape').encode('latin1')


class Log:
    """What the system has logged so far, by client address."""

    def __init__(self, path):
        self.path, self.at, self.rest = path, 0, ''
        self.lines, self.by_address, self.lock = [], {}, threading.Lock()

    def read(self):
        with self.lock:
            if not os.path.exists(self.path):
                return []
            with open(self.path, encoding='utf-8', errors='surrogateescape') as file:
                file.seek(self.at)
                text = self.rest + file.read()
                self.at = file.tell()
            *whole, self.rest = text.split('\n')
            for line in whole:
                if SAID.search(line) and 'discarding EHLO keywords' not in line:  # Postfix forgets a colon there
                    for address in set(ADDRESS.findall(line)):
                        self.by_address.setdefault(address, []).append(len(self.lines))
                self.lines.append(line)
            return self.lines

    def of(self, addresses):
        """The lines of postscreen in which one of these is named, the first of them as @."""
        lines = self.read()
        numbers = sorted({number for one in addresses for number in self.by_address.get(one, ())})
        return [normal(SAID.search(lines[number])[1], addresses).rstrip() for number in numbers]


def normal(text, addresses):
    text = re.sub(r' to \[[0-9a-f.:]+\]:\d+$', ' to $', text)
    text = re.sub(r' after \d+(\.\d+)? from ', ' after T from ', text)
    for number, one in enumerate(addresses):
        text = re.sub(rf'\[{re.escape(one)}\]:\d+', f'@{number or ""}', text)
        text = text.replace(one, f'ADDR{number or ""}')
    return text


class Player(threading.Thread):
    """One case."""

    def __init__(self, system, service, name, steps, block):
        super().__init__(daemon=True, name=f'{service}/{name}')
        self.system, self.service, self.block = system, service, list(block)
        self.steps = list(steps_of(steps, system.letter))
        self.problem, self.seen = None, []
        self.files, self.sockets, self.current = {}, {}, 'a'
        self.known = list(block)  # addresses, in the log
        self.expected = self.in_order([text.rstrip() for kind, text in self.steps if kind == '|'])

    def run(self):
        try:
            for kind, text in self.steps:
                if kind in ('>', '>>', '<', '~', '.', 'x', '!'):
                    self.open(self.current)
                self.act(kind, text)
        except (AssertionError, OSError, LookupError) as error:
            self.problem = f'{error}'
        finally:
            for one in [*self.files.values(), *self.sockets.values()]:
                one.close()

    def open(self, text):
        name, _, service = text.partition(' ')
        self.current = name
        if name in self.files:
            return
        self.began = time.monotonic()
        source = self.block[int(re.sub(r'\D', '', name) or 0)]
        host, port = self.system.endpoint(service or self.service)
        self.sockets[name] = socket.create_connection((host, port), PATIENCE, source_address=(source, 0))
        self.files[name] = self.sockets[name].makefile('rb')

    def listed(self):
        """The DNS lists that have this client: (domain, address, answers, ttl)."""
        for kind, text in self.steps:
            if kind == '*':
                domain, answers, *ttl = text.split()
                yield domain, self.block[0], answers.split(','), int(ttl[0]) if ttl else 60

    def act(self, kind, text):
        text = text.replace('ADDR', self.block[0]) if kind in '<~>' else text
        if kind == '=':
            self.open(text)
        elif kind == '>':
            self.sockets[self.current].sendall(text.encode('latin1') + b'\r\n')
        elif kind == '>>':
            self.sockets[self.current].sendall(raw(text))
        elif kind in '<~':
            self.hear(re.escape(text) if kind == '<' else text)
        elif kind == '.':
            self.hear_end()
        elif kind in 'x!':
            self.leave(kind == '!')
        elif kind == '?':
            pattern = text.replace('@', f'[{self.known[0]}]')
            postern.wait_for(lambda: any(pattern in line for line in self.system.log.read()), f'{pattern} in the log', PATIENCE)
        elif kind == ':':
            self.known = [text]
        elif kind == '+':
            time.sleep(float(text))
        elif kind == '^':
            self.start_tls()
        elif kind == '%':
            past = time.monotonic() - self.began
            assert past >= float(text), f'{text} seconds were over in {past:.3f}'

    def start_tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.files.pop(self.current).close()
        self.sockets[self.current] = context.wrap_socket(self.sockets[self.current])
        self.files[self.current] = self.sockets[self.current].makefile('rb')

    def hear(self, pattern):
        line = self.files[self.current].readline().decode('latin1')
        said = line[:-2] if line.endswith('\r\n') else line + ' (without end of line)'
        self.seen.append(said)
        assert re.fullmatch(pattern, said), f'heard {said!r} for {pattern!r}; before: {self.seen[-6:-1]}'

    def hear_end(self):
        try:
            rest = self.files[self.current].read()
        except ConnectionResetError:
            rest = b''
        assert not rest, f'heard {rest!r} for an end'
        self.forget()

    def leave(self, reset):
        if reset:
            self.sockets[self.current].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
        self.forget()

    def forget(self):
        self.files.pop(self.current).close()
        self.sockets.pop(self.current).close()

    def logged(self):
        return self.in_order(self.system.log.of(self.known))

    def in_order(self, lines):
        """What becomes of several connections side by side is logged in no certain order."""
        return sorted(lines) if any(kind == '=' for kind, _ in self.steps) else lines


def play(players):
    for one in players:
        one.start()
        time.sleep(0.01)  # not all at once: who speaks early must not come late
    for one in players:
        one.join(4 * postern.LIMIT)
        assert not one.is_alive(), f'{one.name} does not end'


def wait_logs(players, limit=3):
    """Until each has the lines that it expects, or the time is over."""
    end = time.monotonic() + limit
    while time.monotonic() < end and any(one.logged() != one.expected for one in players if not one.problem):
        time.sleep(0.05)
