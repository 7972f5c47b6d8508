"""Letters go through a server that accepts, defers, rejects and hangs up at random, while our processes are killed: each is
delivered, or its sender is told, exactly once.

POSTERN_LETTERS sets how many (1500), POSTERN_KILLS how many processes are killed (25), POSTERN_KILL_SEED which and when,
POSTERN_TROUBLE how often the server does at a step what it should not (0.04)."""
import collections
import email
import glob
import os
import random
import subprocess
import sys
import time
import unittest

import load
import postern

LETTERS = int(os.environ.get('POSTERN_LETTERS', 1500))
KILLS = int(os.environ.get('POSTERN_KILLS', 25))
SEED = os.environ.get('POSTERN_KILL_SEED', 'postern')
TROUBLE = os.environ.get('POSTERN_TROUBLE', '0.04')
SITES = 8
PROGRAMS = ('smtpd', 'cleanup', 'qmgr', 'smtp', 'bounce', 'virtual', 'master')
SENDER = 'ann@sandbox.test'
SETTINGS = {'smtpd_client_connection_count_limit': 0, 'smtpd_client_connection_rate_limit': 0,
            'minimal_backoff_time': '1s', 'maximal_backoff_time': '2s', 'queue_run_delay': '1s',
            'transport_retry_time': '1s'}


class FailuresUnderLoad(unittest.TestCase):
    def setUp(self):
        directory = postern.tempfile.mkdtemp(prefix='postern-failures-')
        os.chmod(directory, 0o755)
        self.addCleanup(postern.shutil.rmtree, directory)
        self.journal = os.path.join(directory, 'journal')
        port = self.start_sink()
        routes = ', '.join(f'{{site{n}.test = smtp:[127.0.0.{n + 1}]:{port}}}' for n in range(SITES))
        self.instance = load.Instance(directory, SETTINGS | {'transport_maps': f'inline:{{{routes}}}',
                                                             'relay_domains': ', '.join(f'site{n}.test' for n in range(SITES))})
        self.instance.start()
        self.addCleanup(self.instance.run, 'abort')
        self.chance = random.Random(SEED)
        self.killed = collections.Counter()

    def start_sink(self):
        sink = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(__file__), 'sink.py'), self.journal, SEED,
                                 TROUBLE], stdout=subprocess.PIPE, text=True)
        self.addCleanup(sink.stdout.close)
        self.addCleanup(sink.wait)
        self.addCleanup(sink.kill)
        return int(sink.stdout.readline())

    def test_each_letter_is_delivered_or_returned_once(self):
        targets = [('127.0.0.1', self.instance.port, f'bob@site{n}.test') for n in range(SITES)]
        began = time.monotonic()
        with load.Load(targets, 20, limit=20, sender=SENDER, most=LETTERS) as clients:
            for _ in range(KILLS):
                due = len(clients.acknowledged) + max(1, LETTERS // KILLS // 2)
                postern.wait_for(lambda: clients.is_over() or len(clients.acknowledged) >= due, 'more letters', 120)
                self.kill_one()
            postern.wait_for(clients.is_over, 'the last letter', 600)
        while sum(self.killed.values()) < KILLS and not self.instance.queue_is_empty():
            self.kill_one()
            time.sleep(self.chance.random())
        postern.wait_for(self.instance.queue_is_empty, 'an empty queue', 600)
        self.account(clients, time.monotonic() - began)

    def kill_one(self):
        victims = self.instance.processes(self.chance.choice(PROGRAMS))
        if not victims:
            return
        victim = self.chance.choice(victims)
        self.killed[postern.program_of(victim)] += 1
        os.kill(victim, postern.signal.SIGKILL)
        if victim == self.instance.master:
            postern.wait_for(lambda: not postern.is_alive(victim), 'the end of master')
            self.instance.start()

    def account(self, clients, seconds):
        accepted, told = self.accepted(), self.told()
        sent = set(clients.acknowledged)
        both = set(accepted) & set(told)
        again = {name for name, answers in accepted.items() if len(answers) > 1 and
                 answers.count('unanswered') < len(answers) - 1}
        print(f'{len(sent)} letters in {seconds:.1f} s, killed {dict(self.killed)}: {len(accepted)} delivered, {len(told)} returned, '
              f'{len(again)} delivered more than once after a kill, {len(both)} delivered and returned')
        self.assertEqual(sent - set(accepted) - set(told), set(), 'acknowledged, and neither delivered nor returned')
        self.assertEqual((set(accepted) | set(told)) - set(clients.sent), set(), 'delivered or returned and never sent')
        self.assertEqual({name: count for name, count in told.items() if count > 1}, {}, 'returned more than once')
        self.assertLessEqual(len(again), 20 * sum(self.killed.values()), 'more than a kill can explain')
        self.unexplained(both, accepted)

    def unexplained(self, both, accepted):
        """Delivered and returned: only when the server took it and its answer was lost, and it refused the next time."""
        lost = {name for name in both if 'unanswered' not in accepted[name]}
        self.assertLessEqual(len(lost), 20 * sum(self.killed.values()), f'delivered and returned: {sorted(lost)[:20]}')
        if not self.killed:
            self.assertEqual(lost, set())

    def accepted(self):
        found = collections.defaultdict(list)
        with open(self.journal, encoding='ascii') as file:
            for what, name, _, answered in map(str.split, file):
                if what == 'accepted':
                    found[name].append(answered)
        return found

    def told(self):
        """How often the sender was told of each letter. A notification that came twice, because somebody was killed just after
        it came, is one."""
        found, seen = collections.Counter(), set()
        for path in glob.glob(os.path.join(self.instance.facts['maildir'], 'new', '*')):
            with open(path, 'rb') as file:
                notification = email.message_from_binary_file(file)
            if notification['Message-Id'] in seen:
                continue
            seen.add(notification['Message-Id'])
            parts = list(notification.walk())
            self.assertEqual(notification.get_content_type(), 'multipart/report', path)
            status = next(part for part in parts if part.get_content_type() == 'message/delivery-status')
            self.assertEqual(status.get_payload()[1]['Action'], 'failed')
            original = parts[-1] if parts[-1]['Subject'] else email.message_from_string(parts[-1].get_payload())
            found[original['Subject']] += 1
        return found


if __name__ == '__main__':
    unittest.main()
