"""Plays a table of client dialogues against a system whose front door is a postscreen: Debian's Postfix, or Postern.

A case is a text of steps, one a line:
  > TEXT      sends a line               >> TEXT   sends exactly this, with \\r, \\n, \\x00 written so
  < TEXT      the next line is this      .         the server closes the connection
  x           the client closes it       !         ... by a reset
  = NAME      goes on with connection NAME, and opens it if it is new; the digit in b2 counts client addresses
  ? PATTERN   waits for this in the log  + N       waits until N seconds have gone
  & WORD      does what the test registered under this name
  | TEXT      the next line of the log about this client; what waits and does needs no place among these
In texts, @ stands for the client in the log, @1 for its next address, $ for the server, ADDR for the client's address, T for
a time. A letter before a step makes it one of a single system: p of Postfix, o of Postern ours."""
import re
import socket
import threading
import time

import postern

PATIENCE = 15
STEP = re.compile(r'([po]?)(>>|[<>.x!=?+&|])(?: (.*))?$')


def steps_of(text, letter):
    """Those of one system: (kind, text)."""
    for line in filter(str.strip, text.splitlines()):
        found = STEP.match(line.strip())
        assert found, f'no step: {line}'
        if found[1] in ('', letter):
            yield found[2], found[3] or ''


def raw(text):
    return text.encode('latin1').decode('unicode_escape').encode('latin1')


class Log:
    """What the system has logged so far, by client address."""

    def __init__(self, path):
        self.path, self.at, self.rest = path, 0, ''
        self.lines, self.lock = [], threading.Lock()

    def read(self):
        with self.lock:
            with open(self.path, encoding='latin1') as file:
                file.seek(self.at)
                text = self.rest + file.read()
                self.at = file.tell()
            *whole, self.rest = text.split('\n')
            self.lines += whole
            return list(self.lines)

    def of(self, addresses):
        """The lines of postscreen in which one of these is named, the first of them as @."""
        found = []
        for line in self.read():
            said = re.search(r' postfix/(?:[\w-]+/)?(?:postscreen|dnsblog)\[\d+\]: (.*)', line)
            if said and any(f'[{one}]' in line for one in addresses):
                found.append(normal(said[1], addresses))
        return found


def normal(text, addresses):
    text = re.sub(r' to \[[0-9a-f.:]+\]:\d+$', ' to $', text)
    text = re.sub(r' after \d+(\.\d+)? from ', ' after T from ', text)
    for number, one in enumerate(addresses):
        text = re.sub(rf'\[{re.escape(one)}\]:\d+', f'@{number or ""}', text)
        text = text.replace(one, f'ADDR{number or ""}')
    return text


class Player(threading.Thread):
    """One case."""

    def __init__(self, system, name, case, block):
        super().__init__(daemon=True, name=name)
        self.system, self.case, self.block = system, case, block
        self.problem, self.expected, self.seen = None, [], []
        self.files, self.sockets, self.current = {}, {}, 'a'
        self.began = time.monotonic()

    def run(self):
        try:
            for kind, text in steps_of(self.case.text, self.system.letter):
                if kind == '|':
                    self.expected.append(text)
                    continue
                if kind in ('>', '>>', '<', '.', 'x', '!'):
                    self.open(self.current)
                self.act(kind, text)
        except (AssertionError, OSError, LookupError) as error:
            self.problem = f'{error}'
        finally:
            for one in [*self.files.values(), *self.sockets.values()]:
                one.close()

    def open(self, name):
        self.current = name
        if name in self.files:
            return
        source = self.block[int(re.sub(r'\D', '', name) or 0)]
        host, port = self.system.endpoint(self.case.service)
        self.sockets[name] = socket.create_connection((host, port), PATIENCE, source_address=(source, 0))
        self.files[name] = self.sockets[name].makefile('rb')

    def act(self, kind, text):
        text = text.replace('ADDR', self.block[0]) if kind in '<>' else text
        if kind == '=':
            self.open(text)
        elif kind == '>':
            self.sockets[self.current].sendall(text.encode('latin1') + b'\r\n')
        elif kind == '>>':
            self.sockets[self.current].sendall(raw(text))
        elif kind == '<':
            self.hear(text)
        elif kind == '.':
            self.hear_end()
        elif kind in 'x!':
            self.leave(kind == '!')
        elif kind == '?':
            pattern = text.replace('@', f'[{self.block[0]}]')
            postern.wait_for(lambda: any(pattern in line for line in self.system.log.read()), f'{pattern} in the log', PATIENCE)
        elif kind == '+':
            time.sleep(float(text))
        elif kind == '&':
            self.system.do(text, self)

    def hear(self, text):
        line = self.files[self.current].readline().decode('latin1')
        said = line[:-2] if line.endswith('\r\n') else line + ' (without end of line)'
        self.seen.append(said)
        assert said == text, f'heard {said!r} for {text!r}; before: {self.seen[-6:-1]}'

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
        return self.system.log.of(self.block)


def play(players):
    for one in players:
        one.start()
    for one in players:
        one.join(4 * postern.LIMIT)
        assert not one.is_alive(), f'{one.name} does not end'


def wait_logs(players, limit=3):
    """Until each has the lines that it expects, or the time is over."""
    end = time.monotonic() + limit
    while time.monotonic() < end and any(one.logged() != one.expected for one in players if not one.problem):
        time.sleep(0.05)
