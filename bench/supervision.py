#!/usr/bin/env python3
"""Times what an administrator waits for: bench/supervision.py [--rounds N] [--stock DIRECTORY].

Milliseconds, from the command line to the end of each command or to the first greeting; median, least and most of all
rounds. The configuration is a private one; with --stock its services are those of the master.cf.dist in that directory
(of a Postfix, for instance), with the SMTP port moved. POSTERN_BUILD names the build; build/release without it."""
import argparse
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time

BUILD = os.environ.get('POSTERN_BUILD') or os.path.join(os.path.dirname(os.path.abspath(__file__)), '../build/release')
POSTERN = os.path.join(BUILD, 'bin/postern')
LIMIT = 30


class System:
    def __init__(self, stock):
        self.directory = tempfile.mkdtemp(prefix='bench-supervision-')
        os.chmod(self.directory, 0o755)
        with subprocess.Popen([POSTERN, 'sandbox', '--dir', self.directory, '--json'], stdout=subprocess.PIPE) as made:
            made.stdout.readline()
            made.send_signal(signal.SIGINT)
        self.master_cf = pathlib.Path(self.directory, 'etc/master.cf')
        self.main_cf = pathlib.Path(self.directory, 'etc/main.cf')
        self.port = int(re.search(r'^127\.0\.0\.1:(\d+) ', self.master_cf.read_text('utf-8'), re.M)[1])
        if stock:
            text = pathlib.Path(stock, 'master.cf.dist').read_text('utf-8')
            text, moved = re.subn(r'^smtp(\s+inet)', rf'127.0.0.1:{self.port}\1', text, count=1, flags=re.M)
            assert moved == 1, 'no SMTP service in ' + stock
            self.master_cf.write_text(text, 'utf-8')

    def run(self, *words):
        subprocess.run([POSTERN, '-c', self.directory + '/etc', *words], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=LIMIT)

    def greet(self):
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            try:
                with socket.create_connection(('127.0.0.1', self.port), LIMIT) as connection:
                    if connection.recv(4) == b'220 ':
                        return
            except ConnectionRefusedError:
                time.sleep(0.0005)
        raise SystemExit('no greeting')

    def kill(self):
        os.kill(int(pathlib.Path(self.directory, 'queue/pid/master.pid').read_text('ascii')), signal.SIGKILL)


def timed(times, name, action):
    begin = time.perf_counter()
    action()
    times.setdefault(name, []).append((time.perf_counter() - begin) * 1000)


def one_round(system, times, number):
    def start_and_greet():
        timed(times, 'start', lambda: system.run('start'))
        system.greet()
    timed(times, 'start to the first greeting', start_and_greet)
    timed(times, 'reload, nothing changed', lambda: system.run('reload'))
    text = re.sub(r'(?m)^smtpd_banner = .*\n', '', system.main_cf.read_text('utf-8'))
    system.main_cf.write_text(text + f'smtpd_banner = round {number}\n', 'utf-8')
    timed(times, 'reload, main.cf changed', lambda: system.run('reload'))
    timed(times, 'greeting of a new process', system.greet)
    system.kill()
    timed(times, 'start after kill -9, to the greeting', lambda: (system.run('start'), system.greet()))
    timed(times, 'stop', lambda: system.run('stop'))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int, default=21)
    parser.add_argument('--stock')
    options = parser.parse_args()
    system, times = System(options.stock), {}
    try:
        for number in range(options.rounds):
            one_round(system, times, number)
    finally:
        subprocess.run([POSTERN, '-c', system.directory + '/etc', 'abort'], check=False, capture_output=True)
        shutil.rmtree(system.directory, ignore_errors=True)
    for name, values in times.items():
        print(f'{name:38} {statistics.median(values):8.1f} ms   ({min(values):.1f}-{max(values):.1f})')


if __name__ == '__main__':
    main()
