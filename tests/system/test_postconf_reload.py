"""postconf --reload on a mail system that is at work: an edit is in force when the command returns, or it is undone."""
import os
import pathlib
import socket
import subprocess
import unittest

import postern


class Reload(unittest.TestCase):
    def setUp(self):
        self.sandbox = postern.Sandbox()
        self.addCleanup(self.sandbox.close)

    def postconf(self, *words):
        """Exit status and everything it says."""
        program = os.path.join(postern.BUILD, 'bin', 'postconf')
        done = subprocess.run([program, '-c', self.sandbox.facts['config_directory'], *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=2 * postern.LIMIT, check=False)
        return done.returncode, done.stdout

    def texts(self):
        return [pathlib.Path(self.sandbox.path(name)).read_text('utf-8') for name in ('main.cf', 'master.cf')]

    def banner(self):
        with self.sandbox.session() as session:
            return session.greeting

    def test_the_next_client_sees_the_edit(self):
        self.assertEqual(self.postconf('--reload', 'smtpd_banner=$myhostname ESMTP edited'), (0, ''))
        self.assertTrue(self.banner().endswith(' ESMTP edited'), self.banner())
        self.assertEqual(self.postconf('--reload', '--undo'), (0, ''))
        self.assertFalse(self.banner().endswith(' ESMTP edited'))

    def test_both_files_in_one_edit(self):
        with socket.create_server(('127.0.0.1', 0)) as free:
            port = free.getsockname()[1]
        name = f'127.0.0.1:{port}/inet'
        status, said = self.postconf('--reload', 'smtpd_banner=$myhostname ESMTP edited', '--create', '-F',
                                     f'{name}/command=smtpd -o smtpd_banner=second')
        self.assertEqual((status, said), (0, ''))
        with postern.Session(port) as session:
            self.assertEqual(session.greeting, '220 second')
        self.assertTrue(self.banner().endswith(' ESMTP edited'))

    def test_an_edit_with_errors_changes_nothing(self):
        before = self.texts()
        status, said = self.postconf('--reload', 'smtpd_helo_required=perhaps')
        self.assertEqual(status, 1)
        self.assertIn('bad boolean configuration: smtpd_helo_required = perhaps', said)
        self.assertIn('postconf: fatal: nothing was changed: the configuration would have errors\n', said)
        self.assertEqual(self.texts(), before)

    def test_what_master_refuses_is_taken_back(self):
        before = self.texts()
        with socket.create_server(('127.0.0.1', 0)) as taken:
            port = taken.getsockname()[1]
            status, said = self.postconf('--reload', 'smtpd_banner=$myhostname ESMTP edited', '--create', '-F',
                                         f'127.0.0.1:{port}/inet/command=smtpd')
        self.assertEqual(status, 1)
        self.assertRegex(said, rf'(?m)^postconf: fatal: taken back: .*\[127\.0\.0\.1\]:{port}: Address already in use$')
        self.assertEqual(self.texts(), before)
        self.assertFalse(self.banner().endswith(' ESMTP edited'))
        self.assertIn('takes back', self.postconf('--history')[1].splitlines()[-1])


if __name__ == '__main__':
    unittest.main()
