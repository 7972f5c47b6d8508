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


# In an image of this system that nobody else sees: /etc, /usr and /var may be changed, the network is empty, and there are
# neither our user nor a package of another mail system.
IMAGE = '''
set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs {scratch}
for place in etc usr var; do
  mkdir -p {scratch}/$place/new {scratch}/$place/work
  mount -t overlay -o lowerdir=/$place,upperdir={scratch}/$place/new,workdir={scratch}/$place/work overlay /$place || exit 77
done
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mkdir /dev/shm/bin
printf '#!/bin/sh\n{owner}' >/dev/shm/bin/dpkg-query
chmod +x /dev/shm/bin/dpkg-query
PATH=/dev/shm/bin:$PATH
rm -rf /etc/postern /var/lib/postern /var/spool/postern
for user in postern; do ! getent passwd $user >/dev/null || userdel $user; done
for group in postern postdrop; do ! getent group $group >/dev/null || groupdel $group; done
{body}
'''

FIRST_STEPS = '''
useradd --create-home --home-dir {scratch}/ann ann
packaging/install --build "$POSTERN_INSTALLED"
postern start 2>{scratch}/complaints
[ -e /dev/log ] || grep -q 'nobody takes the log: there is no /dev/log' {scratch}/complaints
printf 'Subject: first\n\nfirst letter\n' | sendmail ann
tries=0
until grep -q 'first letter' {scratch}/ann/Maildir/new/*; do
  tries=$((tries + 1)); [ $tries -lt 200 ]; sleep 0.05
done
postern stop
stat -c '%U %a %n' /var/lib/postern
stat -c '%G %a %n' /usr/sbin/postdrop
packaging/install --build "$POSTERN_INSTALLED"
'''


@unittest.skipUnless(postern.IS_ROOT and os.path.exists(os.path.join(postern.BUILD, 'cmake_install.cmake')),
                     'needs root and a build directory')
class FirstSteps(unittest.TestCase):
    def run_in_image(self, body, owner='exit 1'):
        scratch = tempfile.mkdtemp(prefix='postern-image-')
        self.addCleanup(os.rmdir, scratch)
        body = body.replace('{scratch}', scratch)
        script = IMAGE.replace('{scratch}', scratch).replace('{owner}', owner).replace('{body}', body)
        done = subprocess.run(['unshare', '-m', '-n', '-p', '-f', '--mount-proc', 'bash', '-c', script], text=True,
                              capture_output=True, check=False, cwd=postern.SOURCE, timeout=100,
                              env={**os.environ, 'POSTERN_INSTALLED': os.path.abspath(postern.BUILD)})
        if done.returncode == 77 or 'unshare' in done.stderr:
            self.skipTest('no image of this system: ' + done.stderr)
        return done

    def test_from_the_installation_to_a_letter(self):
        done = self.run_in_image(FIRST_STEPS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for line in ('start it: postern start', 'the mail system is running', 'postern 700 /var/lib/postern',
                     'postdrop 2755 /usr/sbin/postdrop'):
            self.assertIn(line, done.stdout)

    def test_another_mail_system_is_left_alone(self):
        done = self.run_in_image('packaging/install --build "$POSTERN_INSTALLED"',
                                 owner='[ "$2" = /usr/sbin/sendmail ] && echo "exim4-daemon: $2"')
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn('/usr/sbin/sendmail is of the package exim4-daemon: apt-get remove exim4-daemon', done.stderr)


if __name__ == '__main__':
    unittest.main()
