"""A service whose program misbehaves: the rest of the mail system does not notice, master stays calm and names it, and
`postern stop` ends everything."""
import os
import re
import sys
import time
import unittest

import load
import postern

PRELUDE = f'''#!{sys.executable} -IS
import os, signal, socket, struct, sys, time
STARTING, AVAILABLE, BUSY, LEAVING = range(4)
def record(state, pid=None, generation=None):
    generation = int(os.environ['POSTERN_GENERATION']) if generation is None else generation
    return struct.pack('III', os.getpid() if pid is None else pid, generation, state)
def tell(data):
    try:
        return os.write(5, data)
    except BlockingIOError:
        return 0
def stay():
    while True:
        time.sleep(1000)
open(MARKS + '/' + str(os.getpid()), 'w').close()
'''
SETTINGS = {'service_start_limit': '2s', 'service_throttle_time': '2s', 'max_idle': '1000s'}
LETTERS = 20
# Of the processor: what a handful of processes to start and a few seconds of letters may cost master.
MOST_MASTER_TIME = 0.5
# Each of the two halves of a stop has kStopLimit and a second.
STOP_WITHIN = 20


class Contained(unittest.TestCase):
    def begin(self, script, settings=None):
        """A sandbox with the service `bad`, whose program it is, and a client of it."""
        self.build = postern.programs_for_everybody()
        self.addCleanup(postern.shutil.rmtree, self.build)
        self.marks = os.path.join(self.build, 'marks')
        os.mkdir(self.marks)
        os.chmod(self.marks, 0o777)
        self.program = os.path.join(self.build, 'libexec', 'misbehave')
        with open(self.program, 'w', encoding='ascii') as file:
            file.write(PRELUDE.replace('MARKS', repr(self.marks)) + script)
        os.chmod(self.program, 0o755)
        self.sandbox = postern.Sandbox(settings=SETTINGS | (settings or {}), build=self.build)
        self.addCleanup(self.sandbox.close)
        self.sandbox.append('master.cf', 'bad unix - n n - 5 misbehave\n')
        status, _, errors = self.sandbox.run('reload')
        self.assertEqual(status, 0, errors)

    def knock(self):
        """A client of the service that waits."""
        client = postern.socket.socket(postern.socket.AF_UNIX, postern.socket.SOCK_STREAM)
        self.addCleanup(client.close)
        client.setblocking(False)
        try:
            client.connect(os.path.join(self.sandbox.directory, 'queue', 'private', 'bad'))
        except BlockingIOError:
            pass  # the queue of those who wait is full
        return client

    def wait_started(self, count=1):
        postern.wait_for(lambda: len(os.listdir(self.marks)) >= count, f'{count} starts of the program')

    def master_time(self):
        """Seconds of the processor that master has used."""
        with open(f'/proc/{self.sandbox.master}/stat', encoding='latin1') as file:
            fields = file.read().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def mail_flows(self):
        before = len(self.sandbox.mail())
        for number in range(LETTERS):
            self.assertRegex(self.sandbox.send(postern.letter(subject=f'n{number}')), '^250 ')
        self.sandbox.wait_mail(before + LETTERS)

    def is_logged(self, failure):
        self.sandbox.wait_log(rf'master\[\d+\]: warning: .*({failure})')

    def is_named(self, failure):
        """The status says what is wrong with the service; the log does too."""
        self.is_logged(failure)
        postern.wait_for(lambda: self.status_says(failure), f'the status to say {failure}')

    def status_says(self, failure):
        status, output, errors = self.sandbox.run('status', '--json')
        self.assertEqual(status, 0, errors)
        row, = [s for s in postern.json.loads(output)['services'] if s['name'] == 'bad']
        return 'last_failure' not in row or re.search(failure, str(row['last_failure']))

    def is_contained(self, failure=None, most_starts=12):
        """Mail flows, master is calm, the service is named, and all of it can be stopped."""
        began, used = time.monotonic(), self.master_time()
        self.mail_flows()
        if failure:
            self.is_named(failure)
        self.mail_flows()
        used = self.master_time() - used
        self.assertLess(used, MOST_MASTER_TIME, f'in {time.monotonic() - began:.1f} s')
        self.assertLessEqual(len(os.listdir(self.marks)), most_starts, 'starts of the program')
        self.stop_ends_everything()

    def stop_ends_everything(self):
        directory = self.sandbox.facts['config_directory']
        postern.wait_for(lambda: set(postern.descendants(self.sandbox.master)) <= load.processes_of(directory),
                         'all processes of this system to be found')  # new ones are born between the two looks
        began = time.monotonic()
        status, _, errors = self.sandbox.run('stop')
        took = time.monotonic() - began
        self.assertEqual(status, 0, errors)
        self.assertLess(took, STOP_WITHIN)
        left = load.processes_of(directory)
        self.assertEqual({pid: postern.program_of(pid) for pid in left}, {}, 'left by stop')
        self.assertFalse(postern.is_alive(self.sandbox.master))

    def test_its_binary_goes_missing(self):
        self.begin('')
        os.unlink(self.program)
        self.knock()
        self.is_contained('misbehave.*No such file or directory')

    def test_it_exits_at_once_with_status_0(self):
        self.begin('sys.exit(0)')
        self.knock()
        self.wait_started(3)
        self.is_contained('ended before it had served anybody')

    def test_it_exits_at_once_with_status_1(self):
        self.begin('sys.exit("the disk of this test is not there")')
        self.knock()
        self.wait_started(3)
        self.is_contained('exit status 1: the disk of this test is not there')

    def test_it_hangs_in_start_up(self):
        self.begin('stay()')
        self.knock()
        self.wait_started()
        self.is_contained('has not started after 2 s|hung')

    def test_it_leaks_descriptors(self):
        self.begin('tell(record(AVAILABLE))\n'
                   'try:\n    while True: os.dup(0)\nexcept OSError: pass\n'
                   'stay()')
        self.knock()
        self.wait_started()
        self.is_contained('lets clients wait')

    def test_it_forks_wildly(self):
        self.begin('tell(record(AVAILABLE))\n'
                   'for _ in range(100):\n'
                   '    if os.fork() == 0:\n        os.setsid()\n        stay()\n'
                   'stay()')
        self.knock()
        self.wait_started()
        self.is_contained('lets clients wait')

    def test_it_leaves_what_it_has_forked_and_exits(self):
        self.begin('for _ in range(10):\n    if os.fork() == 0: stay()\nos._exit(1)')
        self.knock()
        self.wait_started(2)
        self.is_contained('exit status 1')

    def test_it_writes_garbage_on_its_status_channel(self):
        self.begin('tell(b"x")\ntell(b"x" * 5000)\ntell(record(AVAILABLE, pid=1))\n'
                   'tell(record(AVAILABLE, generation=0))\ntell(record(4711))\n'
                   'tell(record(AVAILABLE))\n'
                   'while True:\n    tell(record(AVAILABLE, pid=1))')
        self.knock()
        self.wait_started()
        self.mail_flows()
        self.is_logged('status record of process')
        self.assertLess(len(re.findall('status record', self.sandbox.log())), 20)
        self.stop_ends_everything()

    def test_it_goes_from_busy_to_available_all_the_time(self):
        self.begin('while True:\n    tell(record(AVAILABLE))\n    tell(record(BUSY))')
        self.knock()
        self.wait_started()
        self.mail_flows()
        self.assertLessEqual(len(os.listdir(self.marks)), 5)
        self.stop_ends_everything()

    def test_it_ignores_that_it_shall_end(self):
        self.begin('signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntell(record(AVAILABLE))\n'
                   'while True:\n    time.sleep(1)')
        self.knock()
        self.wait_started()
        self.is_contained()

    def test_it_stops_itself(self):
        self.begin('tell(record(AVAILABLE))\nos.kill(os.getpid(), signal.SIGSTOP)\nstay()')
        self.knock()
        self.wait_started()
        self.is_contained('lets clients wait')

    def test_it_closes_all_its_descriptors(self):
        self.begin('tell(record(AVAILABLE))\nos.closerange(0, 4096)\nstay()')
        self.knock()
        self.wait_started()
        self.is_contained('lets clients wait')

    def test_it_fills_its_standard_error(self):
        self.begin('tell(record(AVAILABLE))\n'
                   'for number in range(100000):\n'
                   '    try:\n        os.write(2, b"complaint %d\\n" % number + 900 * b"x" + b"\\n")\n'
                   '    except BlockingIOError: pass\n'
                   'stay()')
        self.knock()
        self.wait_started()
        self.is_logged('complaint')
        self.mail_flows()
        self.assertLess(self.sandbox.log().count('complaint'), 200)
        self.is_contained()


if __name__ == '__main__':
    unittest.main()
