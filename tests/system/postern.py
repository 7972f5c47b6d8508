"""A private mail system for a test, through `postern sandbox`. Nothing here sleeps for a fixed time: wait_for() asks
again and again until a condition holds, and fails with what was awaited when the limit is over.

POSTERN_BUILD names the directory that was built; without it build/release of the source tree."""
import glob
import json
import os
import re
import select
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
BUILD = os.path.abspath(os.environ.get('POSTERN_BUILD') or os.path.join(SOURCE, 'build', 'release'))
IS_ROOT = os.geteuid() == 0
LIMIT = 30


def wait_for(condition, what, limit=LIMIT):
    """The first true value of condition(); an AssertionError that names `what` when there is none in time."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f'waited {limit} s in vain for {what}')
        time.sleep(0.01)


def become_nobody():
    """For a child process that is about to run a program: without root from here on."""
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def programs_for_everybody():
    """A copy of the built programs that any user may run: the tree may be in a closed home directory."""
    copy = tempfile.mkdtemp(prefix='postern-programs-')
    os.chmod(copy, 0o755)
    for folder in ('bin', 'libexec'):
        shutil.copytree(os.path.join(BUILD, folder), os.path.join(copy, folder))
        os.chmod(os.path.join(copy, folder), 0o755)
    return copy


def parent_of(pid):
    try:
        with open(f'/proc/{pid}/stat', encoding='latin1') as file:
            return int(file.read().rsplit(')', 1)[1].split()[1])
    except (OSError, IndexError, ValueError):
        return None


def descendants(pid):
    """All processes below this one."""
    parents = {}
    for name in os.listdir('/proc'):
        if name.isdigit():
            parents.setdefault(parent_of(int(name)), []).append(int(name))
    found, left = [], [pid]
    while left:
        below = parents.get(left.pop(), [])
        found += below
        left += below
    return found


def is_alive(pid):
    """False also for one that has ended and whom nobody has asked how."""
    try:
        with open(f'/proc/{pid}/stat', encoding='latin1') as file:
            return file.read().rsplit(')', 1)[1].split()[0] not in 'ZX'
    except (OSError, IndexError):
        return False


def program_of(pid):
    try:
        with open(f'/proc/{pid}/comm', encoding='latin1') as file:
            return file.read().strip()
    except OSError:
        return None


def memory_of(pid, field):
    """A field of /proc/PID/smaps_rollup or status, in KiB: Pss, Rss, VmHWM; 0 when the process is gone."""
    for name in ('status', 'smaps_rollup'):
        try:
            with open(f'/proc/{pid}/{name}', encoding='latin1') as file:
                found = re.search(rf'^{field}:\s+(\d+) kB', file.read(), re.M)
        except OSError:
            return 0
        if found:
            return int(found[1])
    return 0


def letter(subject='test', body='Hello.\r\n', sender='ann@client.example', to='bob@sandbox.test'):
    """A message that needs nothing added, with CRLF line ends, as bytes."""
    if isinstance(body, str):
        body = body.encode('latin1')
    head = (f'From: <{sender}>\r\nTo: <{to}>\r\nSubject: {subject}\r\n'
            f'Date: Mon, 23 Nov 2026 04:05:06 +0000\r\nMessage-Id: <{subject}@client.example>\r\n\r\n')
    return head.encode() + body


class Session:
    """A client that says exactly the bytes it is told to."""

    def __init__(self, port, helo='client.example', limit=LIMIT, source=None):
        self.socket = socket.create_connection(('127.0.0.1', port), limit, source_address=(source, 0) if source else None)
        self.file = self.socket.makefile('rb')
        self.greeting = self.reply()
        if helo:
            self.ehlo = self.command(f'EHLO {helo}')

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode() + b'\r\n')

    def reply(self):
        """One reply, its lines joined by newlines; '' when the connection is closed."""
        lines = []
        while True:
            line = self.file.readline().decode('latin1')
            if not line:
                return '\n'.join(lines)
            lines.append(line.rstrip('\r\n'))
            if line[3:4] != '-':
                return '\n'.join(lines)

    def command(self, line):
        self.send(line)
        return self.reply()

    def begin(self, *recipients, sender='ann@client.example', options=''):
        """MAIL, RCPT… and DATA, each of which must be accepted."""
        lines = [f'MAIL FROM:<{sender}>{options}'] + [f'RCPT TO:<{r}>' for r in recipients or ('bob@sandbox.test',)]
        for line in lines:
            reply = self.command(line)
            assert reply.startswith('250'), f'{line}: {reply}'
        reply = self.command('DATA')
        assert reply.startswith('354'), reply

    def content(self, data):
        """Sends content with its dots doubled, and the final dot; the reply."""
        self.send(data.replace(b'\r\n.', b'\r\n..') if not data.startswith(b'.') else
                  b'.' + data.replace(b'\r\n.', b'\r\n..'))
        self.send(b'.\r\n' if not data or data.endswith(b'\r\n') else b'\r\n.\r\n')
        return self.reply()

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Sandbox:
    """`postern sandbox` as long as the with block lasts. Settings are those of main.cf; options those of the command.
    A directory that is given stays; with rootless=True the whole runs as nobody. Without TLS, unless the settings, or
    tls=True, say otherwise: new keys take their time."""

    def __init__(self, *options, settings=None, directory=None, rootless=False, tls=False, build=BUILD):
        self.build = programs_for_everybody() if rootless and IS_ROOT else build
        self.own_build = self.build if self.build != build else None
        self.postern = os.path.join(self.build, 'bin', 'postern')
        command = [self.postern, 'sandbox', '--json', *options]
        if directory:
            command += ['--dir', directory]
        settings = settings or {}
        if not tls and 'smtpd_tls_security_level' not in settings:
            settings = {'smtpd_tls_security_level': '', **settings}
        for name, value in settings.items():
            command += ['-o', f'{name}={value}']
        if not os.path.exists(self.postern):
            raise AssertionError(f'{self.postern} is not there: build it, or set POSTERN_BUILD')
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.errors,
                                        preexec_fn=become_nobody if rootless and IS_ROOT else None)
        try:
            self._hear()
        except BaseException:
            self.close()
            raise

    def _hear(self):
        ready, _, _ = select.select([self.process.stdout], [], [], LIMIT)
        line = self.process.stdout.readline() if ready else b''
        if not line:
            self.process.terminate()
            self.process.wait(LIMIT)
            self.errors.seek(0)
            raise AssertionError('no sandbox: ' + self.errors.read().decode('latin1'))
        self.facts = json.loads(line)
        self.port, self.pid = self.facts['port'], self.facts['pid']
        self.master, self.directory = self.facts['master'], self.facts['directory']

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends it as a person would; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            status = self.process.wait(LIMIT)
        finally:
            if self.process.poll() is None:
                self.process.kill()
            self.process.stdout.close()
            self.errors.close()
            if self.own_build:
                shutil.rmtree(self.own_build, ignore_errors=True)
        return status

    def run(self, *words):
        """`postern -c … WORDS`: exit status, output, errors."""
        done = subprocess.run([self.postern, '-c', self.facts['config_directory'], *words], capture_output=True,
                              text=True, timeout=2 * LIMIT, check=False)
        return done.returncode, done.stdout, done.stderr

    def value(self, name):
        status, output, errors = self.run('status', name)
        assert status == 0, errors
        return int(output)

    def processes(self, program=None):
        """The service processes, or those of one program."""
        return [p for p in descendants(self.master) if program is None or program_of(p) == program]

    def log(self):
        with open(self.facts['log'], encoding='latin1') as file:
            return file.read()

    def wait_log(self, pattern, count=1, limit=LIMIT):
        """Waits until that many lines of the log match; the matches."""
        def found():
            matches = list(re.finditer(pattern, self.log(), re.M))
            return matches if len(matches) >= count else None
        try:
            return wait_for(found, f'{pattern!r} in the log', limit)
        except AssertionError as error:
            raise AssertionError(f'{error}:\n{self.log()[-4000:]}') from None

    def mail(self):
        """The delivered files."""
        return glob.glob(os.path.join(self.facts['maildir'], 'new', '*'))

    def wait_mail(self, count=1, limit=LIMIT):
        """Waits until there are that many letters; their bytes, in no order."""
        try:
            wait_for(lambda: len(self.mail()) >= count, f'{count} letters', limit)
        except AssertionError as error:
            raise AssertionError(f'{error}, have {len(self.mail())}:\n{self.log()[-4000:]}') from None
        letters = []
        for path in self.mail():
            with open(path, 'rb') as file:
                letters.append(file.read())
        return letters

    def queue_is_empty(self):
        """False also while there is no qmgr to say it."""
        status, output, _ = self.run('status', 'qmgr/messages')
        return status == 0 and int(output) == 0

    def smtp(self):
        return smtplib.SMTP('127.0.0.1', self.port, 'client.example', LIMIT)

    def session(self, **options):
        return Session(self.port, **options)

    def send(self, data=None, *recipients, **options):
        """One letter in a connection of its own; the last reply."""
        with self.session() as session:
            session.begin(*recipients, **options)
            reply = session.content(letter() if data is None else data)
            session.command('QUIT')
            return reply

    def path(self, name):
        return os.path.join(self.facts['config_directory'], name)

    def edit(self, name, old, new):
        """Replaces text in main.cf or master.cf."""
        with open(self.path(name), encoding='utf-8') as file:
            text = file.read()
        assert old in text, f'{old!r} is not in {name}'
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text.replace(old, new))

    def append(self, name, text):
        with open(self.path(name), 'a', encoding='utf-8') as file:
            file.write(text)

    def reload(self):
        """SIGHUP to master, and waits until it has said so."""
        before = len(re.findall(r'reload -- ', self.log()))
        os.kill(self.master, signal.SIGHUP)
        self.wait_log(r'reload -- version', before + 1)
