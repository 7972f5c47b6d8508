#!/usr/bin/env python3
"""The files that Debian's package of Postfix installs start as they are: only the port, and the directories and users that
the machine of a test cannot spare, are others. The package is the installed one, one unpacked in the folder
POSTCONF_POSTFIX, or one that is fetched now; without it the test is skipped."""
import glob
import grp
import os
import pathlib
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

import postern
from ports import free_port

SKIPPED = 77  # what ctest takes for "not run"
BIN = os.path.join(postern.BUILD, 'bin')
FOLDED = {'rewrite': 'trivial-rewrite', 'proxymap': 'proxymap', 'proxywrite': 'proxymap', 'scache': 'scache',
          'tlsmgr': 'tlsmgr'}
PORT_ENTRY = re.compile(r'^smtp( +inet)', re.M)


def share_of_postfix(directory):
    for root in ('', os.environ.get('POSTCONF_POSTFIX')):
        if root is not None and os.path.exists(root + '/usr/share/postfix/master.cf.dist'):
            return pathlib.Path(root + '/usr/share/postfix')
    subprocess.run(['apt-get', 'download', 'postfix'], cwd=directory, check=True, capture_output=True)
    subprocess.run(['dpkg-deb', '-x', *glob.glob(directory + '/postfix_*.deb'), directory], check=True, capture_output=True)
    return pathlib.Path(directory, 'usr/share/postfix')


def known_or(name, database, instead):
    try:
        database(name)
        return name
    except KeyError:
        return instead


class System:
    """A copy of the stock files, with what the installation sets for an Internet site of the loopback interface."""

    def __init__(self, share, main=('main.cf.debian', 'main.cf.tls'), settings=None):
        self.directory = tempfile.mkdtemp(prefix='postern-stock-')
        os.chmod(self.directory, 0o755)
        self.conf, self.log = self.directory + '/etc', self.directory + '/mail.log'
        os.mkdir(self.conf)
        self.port = free_port()
        pathlib.Path(self.conf, 'main.cf').write_text(''.join(share.joinpath(part).read_text('utf-8') for part in main), 'utf-8')
        text, count = PORT_ENTRY.subn(rf'{self.port}\1', share.joinpath('master.cf.dist').read_text('utf-8'))
        assert count == 1, text
        pathlib.Path(self.conf, 'master.cf').write_text(text, 'utf-8')
        pathlib.Path(self.directory, 'mailname').write_text('example.com\n', 'utf-8')
        self.postconf(**(settings or {}))
        self.postconf(
            smtpd_relay_restrictions='permit_mynetworks permit_sasl_authenticated defer_unauth_destination',
            myhostname='mail.example.com', alias_maps='hash:/etc/aliases', alias_database='hash:/etc/aliases',
            myorigin='/etc/mailname' if os.path.exists('/etc/mailname') else self.directory + '/mailname',
            mydestination='$myhostname, mail.example.com, localhost.example.com, , localhost', relayhost='',
            mynetworks='127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128', mailbox_size_limit='0', recipient_delimiter='+',
            inet_interfaces='loopback-only', inet_protocols='all', html_directory='/usr/share/doc/postfix/html')
        self.postconf(queue_directory=self.directory + '/spool', data_directory=self.directory + '/lib',
                      maillog_file=self.log, mail_owner=known_or('postfix', pwd.getpwnam, 'nobody'),
                      setgid_group=known_or('postdrop', grp.getgrnam, 'nogroup'))

    def postconf(self, **settings):
        if settings:
            words = [f'{name}={value}' for name, value in settings.items()]
            subprocess.run([BIN + '/postconf', '-c', self.conf, '-e', *words], check=True)

    def run(self, *words):
        """`postern -c … WORDS`: exit status, output, errors."""
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            status = subprocess.run([BIN + '/postern', '-c', self.conf, *words], stdin=subprocess.DEVNULL, stdout=output,
                                    stderr=errors, timeout=2 * postern.LIMIT, check=False).returncode
            output.seek(0)
            errors.seek(0)
            return status, output.read().decode(), errors.read().decode()

    def logged(self, pattern):
        return re.findall(pattern, pathlib.Path(self.log).read_text('utf-8'), re.M)

    def line_of(self, name):
        """Where the entry of a UNIX socket begins in master.cf."""
        lines = pathlib.Path(self.conf, 'master.cf').read_text('utf-8').split('\n')
        return next(i + 1 for i, line in enumerate(lines) if re.match(rf'{name} +unix', line))

    def append(self, text):
        """The line where it begins."""
        path = pathlib.Path(self.conf, 'master.cf')
        before = path.read_text('utf-8')
        path.write_text(before + text, 'utf-8')
        return before.count('\n') + 1

    def close(self):
        self.run('stop')
        shutil.rmtree(self.directory)


@unittest.skipUnless(postern.IS_ROOT, 'entries that change user need root')
class Stock(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.package = tempfile.mkdtemp(prefix='postern-package-')
        cls.addClassCleanup(shutil.rmtree, cls.package)
        try:
            cls.share = share_of_postfix(cls.package)
        except (OSError, subprocess.CalledProcessError) as why:
            print(f'the files of Postfix cannot be had: {why}')
            shutil.rmtree(cls.package)
            os._exit(SKIPPED)

    def system(self, **options):
        system = System(self.share, **options)
        self.addCleanup(system.close)
        return system

    def starts(self, system):
        status, output, errors = system.run('start')
        self.assertEqual(status, 0, errors)
        pid = int(re.fullmatch(r'postern: the mail system is running, process (\d+)\n', output)[1])
        with postern.Session(system.port) as session:
            self.assertRegex(session.greeting, r'^220 mail\.example\.com ESMTP .* \(Debian/GNU\)$')
        return pid

    def test_the_whole_life(self):
        system = self.system()
        master = self.starts(system)
        status, output, errors = system.run('status')
        self.assertEqual(status, 0, errors)
        self.assertIn(str(master), output)
        status, output, errors = system.run('reload')
        self.assertEqual((status, output), (0, f'postern: process {master} runs the new configuration, generation 2\n'), errors)
        with postern.Session(system.port) as session:
            self.assertRegex(session.greeting, '^220 ')
        children = postern.descendants(master)
        status, output, errors = system.run('stop')
        self.assertEqual((status, output), (0, 'postern: the mail system has stopped\n'), errors)
        self.assertEqual([pid for pid in [master, *children] if postern.is_alive(pid)], [])
        for folder in ('private', 'public'):
            self.assertEqual(os.listdir(f'{system.directory}/spool/{folder}'), [])
        self.assertEqual(system.run('status')[0], 1)

    def test_what_is_part_of_another_program_is_said_once(self):
        system = self.system()
        self.starts(system)
        said = r'not started, their program is part of another one or not installed: (.*)'
        line, = system.logged(said)
        for name, program in FOLDED.items():
            self.assertIn(f'{name} ({program}, line {system.line_of(name)})', line)
        self.assertEqual(system.run('reload')[0], 0)
        self.assertEqual(len(system.logged(said)), 1)
        # Neither its place nor another entry is news of it; one more such entry is.
        system.append('second unix - - n - - discard\n')
        self.assertEqual(system.run('reload')[0], 0)
        self.assertEqual(len(system.logged(said)), 1)
        added = system.append('more unix - - n - - scache\n')
        self.assertEqual(system.run('reload')[0], 0)
        self.assertIn(f'more (scache, line {added})', system.logged(said)[1])
        # The same by the command, each with its line.
        status, _, errors = system.run('check')
        self.assertEqual(status, 0, errors)
        for name, program in FOLDED.items():
            found = re.findall(rf'note: {system.conf}/master\.cf, line (\d+): service {name}: program {program} is not needed: .',
                               errors)
            self.assertEqual(found, [str(system.line_of(name))])

    def test_the_commented_file_with_the_places_of_postfix(self):
        # What it leaves open the installation fills in.
        system = self.system(main=('main.cf.dist',), settings={
            'sendmail_path': '/usr/sbin/sendmail', 'newaliases_path': '/usr/bin/newaliases', 'mailq_path': '/usr/bin/mailq',
            'manpage_directory': '/usr/share/man', 'sample_directory': 'no', 'readme_directory': 'no'})
        self.starts(system)
        status, _, errors = system.run('check')
        self.assertEqual(status, 0, errors)
        self.assertRegex(errors, rf'note: {system.conf}/main\.cf, line \d+: daemon_directory: the programs of Postfix are not used')

    def test_a_program_that_cannot_run_is_named_and_its_service_listens(self):
        system = self.system()
        line = system.append('policy unix - n n - 0 policy-serverd argv=x\n')
        path = os.path.join(postern.BUILD, 'libexec', 'policy-serverd')
        warning = rf'warning: {system.conf}/master\.cf, line {line}: service policy: cannot run: {path}: No such file or directory'
        status, _, errors = system.run('check')
        self.assertEqual(status, 0, errors)
        self.assertRegex(errors, f'(?m)^postern: {warning}$')
        self.assertRegex(system.run('start')[2], f'(?m)^postern: {warning}$')
        self.assertEqual(len(system.logged(f'{warning}$')), 1)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(system.directory + '/spool/private/policy')
        with postern.Session(system.port) as session:
            self.assertRegex(session.greeting, '^220 ')
        self.assertEqual(system.run('reload')[0], 0)
        self.assertEqual(len(system.logged(f'{warning}$')), 1)


if __name__ == '__main__':
    sys.argv.extend(() if '-v' in sys.argv else ('-v',))
    unittest.main()
