"""Clients send without a pause while the program of the running master is replaced again and again: nobody notices.

POSTERN_UPGRADES sets how often (20)."""
import os
import subprocess
import time
import unittest

import load
import postern

UPGRADES = int(os.environ.get('POSTERN_UPGRADES', 20))
CLIENTS = 50
SETTINGS = {'smtpd_client_connection_count_limit': 0, 'smtpd_client_connection_rate_limit': 0}


def has_upgrade():
    done = subprocess.run([os.path.join(postern.BUILD, 'bin', 'postern'), 'help'], capture_output=True, text=True,
                          timeout=postern.LIMIT, check=False)
    return any(line.split()[:1] == ['upgrade'] for line in (done.stdout + done.stderr).splitlines())


@unittest.skipUnless(has_upgrade(), '`postern help` lists no verb `upgrade`')
class UpgradeUnderLoad(unittest.TestCase):
    def setUp(self):
        self.build = postern.programs_for_everybody()
        self.addCleanup(postern.shutil.rmtree, self.build)
        self.directory = postern.tempfile.mkdtemp(prefix='postern-upgrade-')
        os.chmod(self.directory, 0o755)
        self.addCleanup(postern.shutil.rmtree, self.directory)
        self.instance = load.Instance(self.directory, SETTINGS, self.build)
        self.instance.start()
        self.addCleanup(self.instance.run, 'abort')
        self.times = []

    def install_master(self):
        """Another file in the place of the program; its inode."""
        path = os.path.join(self.build, 'libexec', 'master')
        postern.shutil.copy2(path, path + '.new')
        os.rename(path + '.new', path)
        return os.stat(path).st_ino

    def upgrade(self):
        installed = self.install_master()
        began = time.monotonic()
        status, _, errors = self.instance.run('upgrade')
        self.times.append(time.monotonic() - began)
        self.assertEqual(status, 0, errors)
        self.instance.master = self.instance.running_master()
        self.assertEqual(os.stat(f'/proc/{self.instance.master}/exe').st_ino, installed)
        self.assertEqual(self.instance.unknown(), set())

    def upgrade_around_a_session(self, number):
        """A session in the middle of its content before and after."""
        with postern.Session(self.instance.port) as held:
            held.begin('held@sandbox.test')
            held.send(load.numbered(f'held{number}')[:100])
            self.upgrade()
            with postern.Session(self.instance.port) as new:
                self.assertRegex(new.greeting, '^220 ')
            held.send(load.numbered(f'held{number}')[100:] + b'.\r\n')
            self.assertRegex(held.reply(), '^250 ')

    def reload_after(self, number):
        """The new master can be told of a change, and its inherited processes obey."""
        with open(self.directory + '/etc/main.cf', 'a', encoding='ascii') as file:
            file.write(f'smtpd_banner = turn {number}\n')
        status, _, errors = self.instance.run('reload')
        self.assertEqual(status, 0, errors)
        with postern.Session(self.instance.port) as session:
            self.assertEqual(session.greeting, f'220 turn {number}')

    def test_nobody_notices(self):
        targets = [('127.0.0.1', self.instance.port, to)
                   for to in ['bob@sandbox.test'] + 4 * ['eve@discard.test']]
        with load.Load(targets, CLIENTS) as clients:
            for number in range(UPGRADES):
                self.upgrade_around_a_session(number)
                clients.wait_progress(CLIENTS)
                if number % 4 == 0:
                    self.reload_after(number)
        self.assertEqual(clients.account(), '')
        postern.wait_for(self.instance.queue_is_empty, 'an empty queue', 60)
        found = load.letters_in(self.instance.facts['maildir']) + load.discarded(self.instance.log())
        self.assertEqual({name: count for name, count in found.items() if count > 1}, {}, 'delivered again')
        mine = {name for name in found if name.startswith('c')}
        self.assertEqual(mine ^ set(clients.acknowledged), set(), 'delivered or acknowledged, but not both')
        self.assertEqual(self.instance.run('stop')[0], 0)
        self.assertEqual(self.instance.all_processes(), set())
        print(f'{len(clients.acknowledged)} letters; upgrade: longest {max(self.times) * 1000:.0f} ms')


if __name__ == '__main__':
    unittest.main()
