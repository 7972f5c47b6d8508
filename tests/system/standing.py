"""A mail system that stands by itself: files that a sandbox has made, run through the verbs of postern."""
import contextlib
import os
import signal
import stat
import subprocess

import postern


class Standing:
    def __init__(self, test, **settings):
        self.directory = postern.tempfile.mkdtemp(prefix='postern-standing-')
        os.chmod(self.directory, 0o755)
        test.addCleanup(postern.shutil.rmtree, self.directory, ignore_errors=True)
        with postern.Sandbox(directory=self.directory) as sandbox:
            self.sandbox, self.postern, self.port = sandbox, sandbox.postern, sandbox.port
        self.program = os.path.join(sandbox.build, 'libexec', 'master')
        self.config, self.queue = self.directory + '/etc', self.directory + '/queue'
        test.addCleanup(self.end)
        os.unlink(self.directory + '/mail.log')
        self.set(**settings)

    def set(self, **settings):
        if settings:
            tool = os.path.join(os.path.dirname(self.postern), 'postconf')
            subprocess.run([tool, '-c', self.config, *(f'{n}={v}' for n, v in settings.items())], check=True)

    def add_service(self, line):
        with open(self.config + '/master.cf', 'a', encoding='utf-8') as file:
            file.write(line + '\n')

    def command(self, *words):
        return [self.postern, '-c', self.config, *words]

    def run(self, *words, **options):
        """Exit status, output, errors."""
        done = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=2 * postern.LIMIT,
                              check=False, **options)
        return done.returncode, done.stdout, done.stderr

    def start(self):
        """The process id of master."""
        status, _, errors = self.run('start')
        assert status == 0, errors
        return self.master()

    def master(self):
        """The process id in the file; None without one."""
        try:
            with open(self.queue + '/pid/master.pid', encoding='ascii') as file:
                return int(file.read() or 0) or None
        except FileNotFoundError:
            return None

    def greets(self):
        try:
            with postern.Session(self.port) as session:
                return session.greeting.startswith('220 ')
        except OSError:
            return False

    def send(self):
        with postern.Session(self.port) as session:
            session.begin()
            return session.content(postern.letter())

    def log(self):
        try:
            with open(self.directory + '/mail.log', encoding='latin1') as file:
                return file.read()
        except FileNotFoundError:
            return ''

    def traces(self):
        """What shows a mail system: sockets, pipes, the process id, the scoreboard; below queue_directory."""
        found = []
        for folder, below, names in os.walk(self.queue):
            for name in names + below:
                path = os.path.join(folder, name)
                mode = os.lstat(path).st_mode
                if stat.S_ISSOCK(mode) or stat.S_ISFIFO(mode) or name in ('master.pid', 'scoreboard'):
                    found.append(os.path.relpath(path, self.queue))
        return sorted(found)

    def processes(self):
        """All that have our configuration in their environment or on their command line."""
        found = []
        for name in filter(str.isdigit, os.listdir('/proc')):
            try:
                with open(f'/proc/{name}/environ', 'rb') as environ, open(f'/proc/{name}/cmdline', 'rb') as line:
                    ours = self.config.encode() in environ.read() + line.read()
            except OSError:
                continue
            if ours and int(name) != os.getpid() and postern.is_alive(int(name)):
                found.append(int(name))
        return found

    def end(self):
        self.run('abort')
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
                os.kill(pid, signal.SIGKILL)
