"""Runs the examples of a page. A fenced block `text NAME` is a file; a block `console` has commands behind "$ ", which
"> " continues, and under each one what it prints. They run in the order of the page, in a directory of their own that is
MAIL_CONFIG and the working directory, and each command sees in $? how the one before it ended.

What is different each time is shown by words that stand for it: see PLACEHOLDERS and DIRECTORIES."""
import os
import re
import shutil
import subprocess
import tempfile

BLOCK = re.compile(r'^```(\w+)(?: (\S+))?\n(.*?)^```$', re.M | re.S)
# (pattern of what is printed, what the page says).
PLACEHOLDERS = [
    (re.compile(r'\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ'), '2026-11-23T04:05:06Z'),
    (re.compile(r'(?<=04:05:06Z  )\S+( \(\S+\))?(?=  postconf )'), 'ann'),
    (re.compile(r'"user": "[^"]*"'), '"user": "ann"'),
]
# What the page calls the directories of a Runner.
DIRECTORIES = {'/usr/lib/postern': 'programs', '/var/spool/postern': 'queue', '/var/lib/postern': 'data',
               '/etc/postern': 'conf'}
SERVICES = ('smtpd', 'cleanup', 'qmgr', 'smtp', 'local', 'virtual', 'pipe')
LIMIT = 30


class Command:
    def __init__(self, text, output):
        self.text, self.output = text, output


def commands_of(block):
    """The commands of a console block, each with the output under it."""
    found = []
    for line in block.splitlines(keepends=True):
        if line.startswith('$ '):
            found.append(Command(line[2:], ''))
        elif line.startswith('> ') and found and not found[-1].output:
            found[-1].text += line[2:]
        elif found:
            found[-1].output += line
        else:
            raise AssertionError('output before the first command: ' + line)
    return found


class Runner:
    """Directories for the files and commands of one page; `programs` is where postconf stands. The services are there for
    --check to find them."""

    def __init__(self, programs):
        self.root = os.path.realpath(tempfile.mkdtemp(prefix='postconf-page-'))
        self.names = {name: os.path.join(self.root, folder) for name, folder in DIRECTORIES.items()}
        self.directory = self.names['/etc/postern']
        for folder in self.names.values():
            os.mkdir(folder, 0o755)
        for service in SERVICES:
            with open(os.path.join(self.names['/usr/lib/postern'], service), 'w', encoding='ascii') as file:
                os.fchmod(file.fileno(), 0o755)
        if os.geteuid() == 0:
            shutil.chown(self.names['/var/lib/postern'], 'nobody')
        self.environment = {'PATH': programs + ':/usr/bin:/bin', 'MAIL_CONFIG': self.directory, 'LC_ALL': 'C.UTF-8'}
        self.status = 0

    def close(self):
        shutil.rmtree(self.root)

    def real(self, text):
        for name, folder in self.names.items():
            text = text.replace(name, folder)
        return text

    def shown(self, text):
        for name, folder in self.names.items():
            text = text.replace(folder, name)
        for pattern, word in PLACEHOLDERS:
            text = pattern.sub(word, text)
        return text

    def write(self, name, text):
        with open(os.path.join(self.directory, name), 'w', encoding='utf-8') as file:
            os.fchmod(file.fileno(), 0o644)
            file.write(self.real(text))

    def run(self, command):
        done = subprocess.run(['bash', '-c', f'(exit {self.status})\n{self.real(command)}'], cwd=self.directory,
                              env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, umask=0o022, timeout=LIMIT, check=False)
        self.status = done.returncode
        return self.shown(done.stdout.decode('utf-8'))


def replay(text, programs):
    """The text of the page with the output that its commands have now, and how many there are."""
    runner, count = Runner(programs), 0

    def again(match):
        nonlocal count
        kind, name, body = match.groups()
        if kind == 'text' and name:
            runner.write(name, body)
        if kind != 'console':
            return match[0]
        shown = ''
        for command in commands_of(body):
            count += 1
            lines = command.text.splitlines()
            shown += ''.join(f'{mark} {line}\n' for mark, line in zip(['$'] + ['>'] * len(lines), lines))
            shown += runner.run(command.text)
        return f'```console\n{shown}```'

    try:
        return BLOCK.sub(again, text), count
    finally:
        runner.close()
