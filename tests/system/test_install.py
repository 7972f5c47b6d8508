"""cmake --install gives the layout that administrators expect, and keeps their configuration."""
import grp
import os
import shutil
import subprocess
import tempfile
import unittest

import postern


@unittest.skipUnless(os.path.exists(os.path.join(postern.BUILD, 'cmake_install.cmake')), 'not a build directory')
class Install(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix='postern-install-')
        self.addCleanup(shutil.rmtree, self.root)

    def install(self):
        subprocess.run(['cmake', '--install', postern.BUILD], env={**os.environ, 'DESTDIR': self.root},
                       stdout=subprocess.DEVNULL, check=True)

    def path(self, name):
        return self.root + name

    def test_the_layout(self):
        self.install()
        for name in ('/usr/sbin/postern', '/usr/lib/postern/master', '/usr/lib/postern/smtpd'):
            self.assertTrue(os.access(self.path(name), os.X_OK), name)
        for name in ('/etc/postern/main.cf', '/etc/postern/master.cf', '/usr/share/man/man1/postconf.1',
                     '/usr/share/man/man1/postqueue.1', '/usr/share/bash-completion/completions/postsuper',
                     '/usr/lib/systemd/system/postern.service',
                     '/usr/share/bash-completion/completions/postconf', '/usr/share/zsh/vendor-completions/_postconf'):
            self.assertEqual(os.stat(self.path(name)).st_mode & 0o777, 0o644)
        for name in ('/usr/bin/mailq', '/usr/bin/newaliases', '/usr/lib/sendmail'):
            self.assertEqual(os.path.realpath(self.path(name)), os.path.realpath(self.path('/usr/sbin/sendmail')))
        postdrop = os.stat(self.path('/usr/sbin/postdrop'))
        if postern.IS_ROOT and 'postdrop' in (group.gr_name for group in grp.getgrall()):
            self.assertEqual((postdrop.st_mode & 0o7777, grp.getgrgid(postdrop.st_gid).gr_name), (0o2755, 'postdrop'))
        self.assertTrue(os.path.isdir(self.path('/var/spool/postern')))
        self.assertEqual(os.stat(self.path('/var/lib/postern')).st_mode & 0o777, 0o700)

    def test_an_edited_configuration_is_kept(self):
        self.install()
        with open(self.path('/etc/postern/main.cf'), 'w', encoding='utf-8') as file:
            file.write('# mine\n')
        self.install()
        with open(self.path('/etc/postern/main.cf'), encoding='utf-8') as file:
            self.assertEqual(file.read(), '# mine\n')

    def test_what_is_installed_is_a_good_configuration(self):
        self.install()
        directory = self.path('/etc/postern')
        with open(directory + '/main.cf', 'a', encoding='utf-8') as file:
            file.write(f'daemon_directory = {self.root}/usr/lib/postern\nqueue_directory = {self.root}/var/spool/postern\n'
                       f'data_directory = {self.root}/var/lib/postern\nmail_owner = nobody\nsetgid_group = nogroup\n')
        if postern.IS_ROOT:
            shutil.chown(self.path('/var/lib/postern'), 'nobody')
        done = subprocess.run([self.path('/usr/sbin/postern'), '-c', directory, 'check'], capture_output=True, text=True,
                              check=False)
        errors = [line for line in done.stderr.split('\n') if 'overriding earlier entry' not in line]
        self.assertEqual((done.returncode, errors), (0, ['']))


if __name__ == '__main__':
    unittest.main()
