"""postconf --reload: an edit that is in force when the command returns, or has never been."""
import os
import shutil
import subprocess
import tempfile
import unittest

import postern
from ports import free_port

BOTH = ('main.cf', 'master.cf')


class Reload(unittest.TestCase):
    def setUp(self):
        self.sandbox = postern.Sandbox()
        self.addCleanup(self.sandbox.close)

    def postconf(self, *words):
        """Exit status and what it says, which is nothing when all is well."""
        program = os.path.join(self.sandbox.build, 'bin', 'postconf')
        done = subprocess.run([program, '-c', self.sandbox.facts['config_directory'], *words], capture_output=True,
                              text=True, timeout=2 * postern.LIMIT, check=False)
        return done.returncode, done.stdout + done.stderr

    def texts(self):
        texts = []
        for name in BOTH:
            with open(self.sandbox.path(name), 'rb') as file:
                texts.append(file.read())
        return texts

    def greeting(self, port=None):
        with postern.Session(port or self.sandbox.port) as session:
            return session.greeting

    def refused(self, reason, *words):
        """The edit fails for that reason: both files and what is in force are as before."""
        before, greeting = self.texts(), self.greeting()
        status, said = self.postconf('--reload', *words)
        self.assertEqual(status, 1, said)
        self.assertRegex(said, reason)
        self.assertEqual(said.count('postconf: fatal: '), 1, said)
        self.assertEqual(self.texts(), before)
        self.assertEqual(self.greeting(), greeting)
        self.assertEqual([n for n in os.listdir(self.sandbox.facts['config_directory']) if n.endswith('.tmp')], [])

    def test_a_new_service_accepts_at_once(self):
        port = free_port()
        service = f'127.0.0.1:{port}/inet'
        status, said = self.postconf('--reload', '--create', 'smtpd_banner=$myhostname ESMTP new', '-F',
                                     f'{service}/command=smtpd')
        self.assertEqual(status, 0, said)
        for one in (port, self.sandbox.port):
            self.assertEqual(self.greeting(one), '220 mail.sandbox.test ESMTP new')
        status, said = self.postconf('--reload', '--undo')
        self.assertEqual(status, 0, said)
        with self.assertRaises(ConnectionRefusedError):
            postern.Session(port)
        self.assertNotEqual(self.greeting(), '220 mail.sandbox.test ESMTP new')

    def test_an_entry_of_several_lines_is_taken_back_whole(self):
        before, port = self.texts(), free_port()
        status, said = self.postconf('--reload', '--create', '-F',
                                     f'127.0.0.1:{port}/inet/command=smtpd -o smtpd_banner=second -o smtpd_timeout=9s')
        self.assertEqual(status, 0, said)
        self.assertEqual(self.greeting(port), '220 second')
        self.assertEqual(self.postconf('--reload', '--undo'), (0, ''))
        self.assertEqual(self.texts(), before)

    def test_what_check_refuses_is_not_written(self):
        self.refused('nothing was changed: the configuration would have errors', 'smtpd_timeout=soon',
                     'smtpd_banner=never')
        self.assertNotIn('.postconf.history', os.listdir(self.sandbox.facts['config_directory']))

    def test_a_port_in_use_is_found_by_master_and_the_edit_is_taken_back(self):
        with postern.socket.create_server(('127.0.0.1', 0)) as server:
            port = server.getsockname()[1]
            self.refused(f'taken back: .*{port}: Address already in use', '--create', 'smtpd_banner=never', '-F',
                         f'127.0.0.1:{port}/inet/command=smtpd')
        self.assertRegex(self.sandbox.send(), '^250 ')
        status, said = self.postconf('--status', '--undo')
        self.assertEqual((status, said.count('\n')), (3, 1), said)  # it is taken back already

    def test_without_a_master_nothing_changes(self):
        directory = tempfile.mkdtemp(prefix='postern-stays-')
        self.addCleanup(shutil.rmtree, directory)
        self.sandbox.close()
        self.sandbox = postern.Sandbox(directory=os.path.join(directory, 'sandbox'))
        self.sandbox.close()
        before = self.texts()
        status, said = self.postconf('--reload', 'smtpd_banner=never')
        self.assertEqual((status, said), (1, 'postconf: fatal: nothing was changed: the mail system is not running\n'))
        self.assertEqual(self.texts(), before)


if __name__ == '__main__':
    unittest.main()
