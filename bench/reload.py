#!/usr/bin/env python3
"""Times the start and the reload of many services: bench/reload.py [--services N,N…] [--rounds N] [--build DIR].

A private master with N services, half of them UNIX sockets and half of them ports of an address of the loopback network,
each with two settings of its own. For each N it prints the median of
  start     from exec to the moment when every service listens, master alone
  check     `postern check`
  reload    `postern reload` as a user sees it: the check, and master's change, when nothing was edited
  one       the same, with another process limit for one service
  all       the same, with another main.cf: every service is renewed
and behind each reload the CPU time that master itself spent on it. All in milliseconds."""
import argparse
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent
FIRST_PORT = 10000
MAIN = '''compatibility_level = 3.6
queue_directory = {0}/queue
data_directory = {0}/data
maillog_file = {0}/mail.log
mail_owner = nobody
setgid_group = nogroup
myhostname = mail.example.com
inet_protocols = ipv4
alias_maps =
smtpd_relay_restrictions = reject_unauth_destination
'''
SERVED = '''cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
local unix - n n - - local
virtual unix - n n - - virtual
'''


def services(count, host):
    text = SERVED
    for number in range(count):
        name = f's{number} unix - - n - 50 discard' if number % 2 else f'{host}:{FIRST_PORT + number} inet n - n - 50 smtpd'
        text += f'{name}\n  -o syslog_name=postern/s{number} -o max_use={10 + number}\n'
    return text


class System:
    def __init__(self, build, count):
        self.build, self.count = build, count
        self.directory = tempfile.mkdtemp(prefix='bench-reload-')
        os.chmod(self.directory, 0o755)
        self.conf = os.path.join(self.directory, 'etc')
        os.mkdir(self.conf)
        self.text = services(count, '127.%d.%d.%d' % tuple(random.randrange(1, 255) for _ in range(3)))
        self.write('main.cf', MAIN.format(self.directory))
        self.write('master.cf', self.text)
        self.process = None

    def write(self, name, text):
        pathlib.Path(self.conf, name).write_text(text, 'utf-8')

    def start(self):
        """Milliseconds until every service listens."""
        ours, theirs = os.pipe()
        os.set_inheritable(theirs, True)
        begin = time.perf_counter()
        self.process = subprocess.Popen([self.build / 'libexec/master', '-c', self.conf, '-s', '-R', str(theirs)],
                                        pass_fds=(theirs,), stdin=subprocess.DEVNULL)
        os.close(theirs)
        said = os.read(ours, 1)
        spent = time.perf_counter() - begin
        os.close(ours)
        if not said:
            raise SystemExit('master did not start')
        return spent * 1000

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)

    def cpu(self):
        return int(pathlib.Path(f'/proc/{self.process.pid}/schedstat').read_text('ascii').split()[0]) / 1e6

    def command(self, verb):
        """Milliseconds of the command, and CPU milliseconds of master meanwhile."""
        before, begin = self.cpu(), time.perf_counter()
        subprocess.run([self.build / 'bin/postern', '-c', self.conf, verb], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return (time.perf_counter() - begin) * 1000, self.cpu() - before

    def close(self):
        self.stop()
        shutil.rmtree(self.directory)


def edit_one(system, number):
    last = system.count // 2 * 2 - 1
    if last > 0:
        system.write('master.cf', system.text.replace(f's{last} unix - - n - 50', f's{last} unix - - n - {51 + number}'))


def measure(build, count, rounds):
    system = System(build, count)
    try:
        starts = []
        for _ in range(rounds):
            system.stop()
            starts.append(system.start())
        line = '%8d %9.1f' % (count, statistics.median(starts))
        line += ' %9.1f' % statistics.median(system.command('check')[0] for _ in range(rounds))
        for edit in (lambda _: None, lambda number: edit_one(system, number),
                     lambda number: system.write('main.cf', MAIN.format(system.directory) + f'max_idle = {number + 50}\n')):
            times = []
            for number in range(rounds):
                edit(number)
                times.append(system.command('reload'))
            line += ' %9.1f (%6.1f)' % tuple(statistics.median(side) for side in zip(*times))
        print(line, flush=True)
    finally:
        system.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--services', default='0,100,1000,5000')
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--build', type=pathlib.Path,
                        default=os.environ.get('POSTERN_BUILD') or SOURCE / 'build' / 'release')
    options = parser.parse_args()
    print('services     start     check    reload (master)       one (master)       all (master)')
    for count in options.services.split(','):
        measure(pathlib.Path(options.build), int(count), options.rounds)


if __name__ == '__main__':
    main()
