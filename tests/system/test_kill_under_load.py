"""Processes are killed at random moments while many clients send: a second later the system is whole again, and what was
acknowledged is delivered.

POSTERN_KILLS sets how many are killed (40), POSTERN_KILL_SEED which and when, POSTERN_WHOLE_WITHIN the seconds (1)."""
import collections
import getpass
import os
import random
import select
import signal
import subprocess
import time
import unittest

import load
import postern

KILLS = int(os.environ.get('POSTERN_KILLS', 40))
WHOLE_WITHIN = float(os.environ.get('POSTERN_WHOLE_WITHIN', 1))
# Processes of a master that was killed finish what they have in hand; the next master gives them no more than this.
ORPHANS_GONE_WITHIN = 8
CLIENTS = 30
PROGRAMS = ('smtpd', 'cleanup', 'qmgr', 'virtual', 'local', 'discard', 'master')
CHANGES = ('reload', 'upgrade')  # master dies in the middle of one
MOST_PAUSE = 0.03  # seconds from its beginning
USER = 'nobody' if postern.IS_ROOT else getpass.getuser()
SETTINGS = {'smtpd_client_connection_count_limit': 0, 'smtpd_client_connection_rate_limit': 0,
            'minimal_backoff_time': '1s', 'maximal_backoff_time': '2s', 'queue_run_delay': '1s',
            'transport_retry_time': '1s', 'mydestination': 'local.test'}


class KillUnderLoad(unittest.TestCase):
    def setUp(self):
        directory = postern.tempfile.mkdtemp(prefix='postern-kill-')
        os.chmod(directory, 0o755)
        self.addCleanup(postern.shutil.rmtree, directory)
        self.boxes = os.path.join(directory, 'boxes')
        os.mkdir(self.boxes)
        os.chmod(self.boxes, 0o1777)
        self.instance = load.Instance(directory, SETTINGS | {'mail_spool_directory': self.boxes + '/'})
        self.instance.start()
        self.addCleanup(self.instance.run, 'abort')
        self.chance = random.Random(os.environ.get('POSTERN_KILL_SEED', 'postern'))
        self.orphans = {}  # when they became that
        self.killed, self.times = collections.Counter(), []

    def test_a_session_that_stays_keeps_no_process_of_a_dead_master(self):
        with postern.Session(self.instance.port):
            self.replace_master()
            postern.wait_for(lambda: not self.instance.unknown(), 'the end of orphans', ORPHANS_GONE_WITHIN)

    def test_stopped_processes_of_a_dead_master_are_no_obstacle(self):
        self.serves_within(postern.LIMIT, time.monotonic(), 'the first letter')
        stopped = self.instance.processes('smtpd') + self.instance.processes('qmgr')
        self.assertGreaterEqual(len(stopped), 2)
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        began = self.replace_master()
        self.serves_within(WHOLE_WITHIN, began, 'after stopped processes')
        postern.wait_for(lambda: not self.instance.unknown(), 'the end of orphans', ORPHANS_GONE_WITHIN)

    def replace_master(self):
        """Kills it and starts another one at once; when that began."""
        os.kill(self.instance.master, signal.SIGKILL)
        postern.wait_for(lambda: not postern.is_alive(self.instance.master), 'the end of master')
        began = time.monotonic()
        self.instance.start()
        return began

    def replace_master_during(self, verb):
        with open(self.instance.directory + '/etc/main.cf', 'a', encoding='ascii') as file:
            file.write(f'smtpd_banner = $myhostname {sum(self.killed.values())}\n')
        with subprocess.Popen(self.instance.command(verb), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as change:
            select.select([change.stdout], [], [], self.chance.random() * MOST_PAUSE)
            began = self.replace_master()
            change.communicate(timeout=postern.LIMIT)
        return began

    def test_the_system_is_whole_again_in_a_second(self):
        port = self.instance.port
        targets = [('127.0.0.1', port, to) 
                   for to in ['bob@sandbox.test', f'{USER}@local.test'] + 4 * ['eve@discard.test']]
        with load.Load(targets, CLIENTS, limit=20) as clients:
            for number in range(KILLS):
                clients.wait_progress(self.chance.randrange(1, 40), failures_too=False)
                self.kill_one(number)
        self.no_orphans_after(ORPHANS_GONE_WITHIN)
        self.everything_is_there(clients)
        slowest = sorted(self.times, reverse=True)[:3]
        print(f'killed {dict(self.killed)}; served again after at most '
              + ', '.join(f'{seconds:.2f} s ({kind})' for seconds, kind in slowest))

    def kill_one(self, number):
        kind = self.chance.choice(PROGRAMS + CHANGES)
        victims = self.instance.processes('master' if kind in CHANGES else kind)
        if not victims:
            return
        victim = self.chance.choice(victims)
        self.killed[kind] += 1
        began = time.monotonic()
        if victim == self.instance.master:
            self.orphans.update({pid: began for pid in self.instance.all_processes()})
            began = self.replace_master_during(kind) if kind in CHANGES else self.replace_master()
        else:
            os.kill(victim, signal.SIGKILL)
        self.serves_within(WHOLE_WITHIN, began, f'kill {number}, of {kind} {victim}')
        self.times.append((time.monotonic() - began, kind))
        self.no_orphans_after(0)

    def serves_within(self, limit, began, what):
        """A new client is served to the end of its message."""
        problem = None
        while time.monotonic() - began < limit:
            try:
                with postern.Session(self.instance.port, limit=max(0.01, limit - time.monotonic() + began)) as session:
                    session.begin('probe@discard.test')
                    reply = session.content(postern.letter(subject='probe'))
                if reply.startswith('250 '):
                    return
                problem = reply
            except (OSError, AssertionError) as error:
                problem = repr(error)
            time.sleep(0.005)
        raise AssertionError(f'{what}: no service after {limit} s: {problem}\n{self.instance.log()[-5000:]}')

    def no_orphans_after(self, limit):
        """Waits that long; fails when there is one that is older than it may be."""
        def too_old():
            unknown = self.instance.unknown()
            self.orphans = {pid: since for pid, since in self.orphans.items() if pid in unknown}
            now = time.monotonic()
            return {pid: postern.program_of(pid) for pid in unknown
                    if limit or now - self.orphans.get(pid, now) > ORPHANS_GONE_WITHIN}
        if limit:
            postern.wait_for(lambda: not too_old(), 'the end of orphans', limit)
        else:
            self.assertEqual(too_old(), {})

    def everything_is_there(self, clients):
        postern.wait_for(self.instance.queue_is_empty, 'an empty queue', 90)
        found = (load.letters_in(self.instance.facts['maildir']) +
                 load.letters_in(os.path.join(self.boxes, USER)) + load.discarded(self.instance.log()))
        mine = {name for name in found if name != 'probe'}
        self.assertEqual(set(clients.acknowledged) - mine, set(), 'acknowledged and not delivered')
        self.assertEqual(mine - set(clients.sent), set(), 'delivered and never sent')
        self.assertEqual(os.listdir(os.path.join(self.instance.directory, 'queue', 'spool')), [])
        twice = sum(count > 1 for name, count in found.items() if name != 'probe')
        print(f'{len(clients.acknowledged)} letters acknowledged, {twice} of them delivered more than once')


if __name__ == '__main__':
    unittest.main()
