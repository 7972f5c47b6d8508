#!/usr/bin/env python3
"""The files survive whatever ends an edit, and other editors: postconf replaces main.cf and master.cf at once or not at
all. SURVIVAL_KILLS and SURVIVAL_SEED choose how many edits are killed, and when."""
import collections
import concurrent.futures
import os
import pathlib
import random
import resource
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
import unittest

POSTCONF = os.path.join(os.environ['POSTERN_BUILD'], 'bin', 'postconf')
KILLS = int(os.environ.get('SURVIVAL_KILLS', '1000'))
SEED = int(os.environ.get('SURVIVAL_SEED', '1'))
IS_ROOT = os.geteuid() == 0
NOBODY = 65534
ACL = 'system.posix_acl_access'

MAIN = '# main.cf\nbiff = no\n' + ''.join('# %04d: a comment that makes the file long\nname_%d = a,\n  b\n' % (i, i)
                                          for i in range(1000)) + '# the end\n'
MASTER = '# master.cf\nsmtp inet n - n - - smtpd\n' + ''.join(
    's%d unix - - n - - smtp -o syslog_name=postfix/s%d\n# and a comment\n' % (i, i) for i in range(800)) + '# the end\n'


def edit(directory, *arguments, **how):
    return subprocess.run([how.pop('program', POSTCONF), '-c', str(directory), *arguments], capture_output=True, text=True,
                          check=False, **how)


def texts_of(path):
    """The file, and what is known about it: mode, owner, attributes."""
    found = os.stat(path)
    attributes = {name: os.getxattr(path, name) for name in os.listxattr(path)}
    return path.read_text(), (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, attributes)


def names_in(directory):
    """The files there but the history of edits."""
    return sorted(name for name in os.listdir(directory) if not name.startswith('.postconf.history'))


class Target:
    """A file that is edited back and forth between two texts."""

    def __init__(self, directory, name, text, edits):
        self.directory = pathlib.Path(directory)
        self.path = self.directory / name
        self.edits = edits
        for other in ('main.cf', 'master.cf'):
            (self.directory / other).touch()
        self.path.write_text(text)
        os.chmod(self.path, 0o640)
        if IS_ROOT:
            os.chown(self.path, 1234, 5678)
        subprocess.run(['setfacl', '-m', 'u:4321:r', self.path], check=False, capture_output=True)
        self.texts = []
        for words in edits:
            edit(self.directory, *words)
            self.texts.append(self.path.read_text())
        self.facts = texts_of(self.path)[1]
        self.now = len(edits) - 1  # which text it has


def main_target(directory):
    return Target(directory, 'main.cf', MAIN, [['-e', 'name_500=one'], ['-e', 'name_500=' + 'two ' * 2000]])


def master_target(directory):
    return Target(directory, 'master.cf', MASTER, [['-P', 's400/unix/x=one'], ['-P', 's400/unix/x=' + 'two' * 2000]])


class Directory(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix='postconf-'))
        self.addCleanup(shutil.rmtree, self.directory)
        os.chmod(self.directory, 0o755)
        self.main = self.directory / 'main.cf'
        self.main.write_text('biff = no\n')
        (self.directory / 'master.cf').write_text('smtp inet n - n - - smtpd\n')

    def small_disk(self, size):
        """A file system of that size, where only root can make one."""
        if not IS_ROOT:
            self.skipTest('only root can mount a small file system')
        path = self.directory / 'disk'
        path.mkdir()
        mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=%s,mode=755' % size, 'tmpfs', path], check=False,
                                 capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest('no small file system here: ' + mounted.stderr.strip())
        self.addCleanup(subprocess.run, ['umount', path], check=True)
        return path


class Killed(Directory):
    """kill -9 at random moments."""

    def kill_one(self, target, delay):
        """Starts an edit, kills it, and says how far it came."""
        following = (target.now + 1) % len(target.edits)
        running = subprocess.Popen([POSTCONF, '-c', str(target.directory), *target.edits[following]])
        time.sleep(delay)
        running.kill()
        ended = running.wait()
        text, facts = texts_of(target.path)
        self.assertIn(ended, (0, -signal.SIGKILL))
        self.assertIn(text, (target.texts[target.now], target.texts[following]), 'neither the old text nor the new one')
        self.assertEqual(facts, target.facts)
        if ended == 0:
            self.assertEqual(text, target.texts[following])
        phase = self.phase(target, ended, text == target.texts[following])
        if text == target.texts[following]:
            target.now = following
        return phase

    @staticmethod
    def phase(target, ended, is_new):
        if ended == 0 or is_new:
            return 'done' if ended == 0 else 'renamed'
        try:
            size = os.path.getsize(str(target.path) + '.tmp')
        except FileNotFoundError:
            return 'started'
        written = len(target.texts[(target.now + 1) % len(target.edits)])
        return 'reading' if size == 0 else 'writing' if size < written else 'written'

    def next_edit_works(self, target):
        following = (target.now + 1) % len(target.edits)
        done = edit(target.directory, *target.edits[following])
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertEqual(texts_of(target.path), (target.texts[following], target.facts))
        target.now = following
        self.assertEqual(names_in(target.directory), ['main.cf', 'master.cf'])

    def kill_many(self, make, kills, seed):
        directory = self.directory / str(seed)
        directory.mkdir()
        target, chance, phases = make(directory), random.Random(seed), collections.Counter()
        for _ in range(kills):
            started = time.monotonic()
            self.next_edit_works(target)
            usual = time.monotonic() - started
            phases[self.kill_one(target, usual * chance.uniform(0, .9))] += 1
        self.next_edit_works(target)
        return phases

    def test_a_killed_edit_leaves_the_old_text_or_the_new_one_and_does_not_stop_the_next(self):
        jobs = [(make, KILLS // 4, SEED * 10 + i) for i, make in enumerate([main_target, master_target] * 2)]
        with concurrent.futures.ThreadPoolExecutor(len(jobs)) as pool:
            phases = sum(pool.map(lambda job: self.kill_many(*job), jobs), collections.Counter())
        print('%d kills from seed %d: %s' % (KILLS, SEED, ', '.join('%s %d' % one for one in sorted(phases.items()))))
        if KILLS >= 1000:
            for phase in ('started', 'reading', 'renamed', 'done'):
                self.assertGreater(phases[phase], 0, phase)
            self.assertGreater(phases['writing'] + phases['written'], 0)


class ManyAtOnce(Directory):
    def test_twenty_writers_lose_nothing_and_readers_see_whole_files(self):
        master = self.directory / 'master.cf'
        self.main.write_text(MAIN)
        master.write_text(MASTER)
        done, halves, reads = threading.Event(), [], collections.Counter()

        def read(path, head):
            size = 0
            while not done.is_set():
                text = path.read_text()
                if not text.startswith(head) or '\n# the end\n' not in text or not text.endswith('\n') or len(text) < size:
                    halves.append((path, len(text)))
                size = len(text)  # both only grow
                reads[path.name] += 1

        def write(writer):
            for i in range(3):
                for words in (['-e', 'new_%d_%d=1' % (writer, i)], ['-P', 's%d/unix/new_%d=1' % (100 * i, writer)]):
                    ended = edit(self.directory, *words)
                    if ended.returncode != 0 or ended.stderr:
                        raise AssertionError(ended.stderr)

        readers = [threading.Thread(target=read, args=one) for one in ((self.main, '# main.cf\n'), (master, '# master.cf\n'))]
        for reader in readers:
            reader.start()
        try:
            with concurrent.futures.ThreadPoolExecutor(20) as pool:
                list(pool.map(write, range(20)))
        finally:
            done.set()
            for reader in readers:
                reader.join()
        self.assertEqual(halves, [])
        self.assertGreater(min(reads.values()), 10)
        lines = set(self.main.read_text().split('\n'))
        self.assertEqual([name for w in range(20) for i in range(3) if (name := 'new_%d_%d = 1' % (w, i)) not in lines], [])
        shown = edit(self.directory, '-PH').stdout.split('\n')
        self.assertEqual(len([name for name in shown if '/unix/new_' in name]), 60)
        self.assertEqual(len([line for line in lines if line.startswith('name_')]), 1000)


class Refused(Directory):
    """What cannot be done leaves the file, no other file, and a line that says why."""

    def assert_refused(self, directory, reason, **how):
        for words in (['-e', 'biff=' + 'yes ' * 5000], ['-P', 'smtp/inet/x=' + 'y' * 20000]):
            file = 'master.cf' if words[0] == '-P' else 'main.cf'
            path = pathlib.Path(directory) / file
            before = texts_of(path), names_in(directory)
            ended = edit(directory, *words, **how)
            self.assertEqual(ended.returncode, 1)
            self.assertRegex(ended.stderr, r'^postconf: fatal: \w+ \S*%s\S*( for writing)?: %s\n$' % (file, reason))
            self.assertEqual((texts_of(path), names_in(directory)), before)

    def fill(self, disk):
        with open(disk / 'ballast', 'wb', buffering=0) as file:
            try:
                while file.write(b'x' * 4096) == 4096:
                    pass
            except OSError:
                pass

    def test_full_disk(self):
        disk = self.small_disk('64k')
        for name in ('main.cf', 'master.cf'):
            shutil.copy(self.directory / name, disk)
        self.fill(disk)
        self.assert_refused(disk, 'No space left on device')
        (disk / 'ballast').unlink()
        self.assertEqual(edit(disk, '-e', 'biff=yes').returncode, 0)

    def test_limit_of_file_size(self):
        self.assert_refused(self.directory, 'File too large',
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)))

    def test_read_only_disk(self):
        disk = self.small_disk('64k')
        for name in ('main.cf', 'master.cf'):
            shutil.copy(self.directory / name, disk)
        subprocess.run(['mount', '-o', 'remount,ro', disk], check=True)
        self.assert_refused(disk, 'Read-only file system')

    def test_directory_of_somebody_else(self):
        how = {}
        if IS_ROOT:
            program = self.directory / 'postconf'
            shutil.copy(POSTCONF, program)
            how = {'user': NOBODY, 'group': NOBODY, 'extra_groups': [], 'program': str(program)}
        inner = self.directory / 'inner'
        inner.mkdir()
        for name in ('main.cf', 'master.cf'):
            shutil.copy(self.directory / name, inner)
        inner.chmod(0o555)
        self.addCleanup(inner.chmod, 0o755)
        self.assert_refused(inner, 'Permission denied', **how)


class Kept(Directory):
    """What an edit has no business to change."""

    def facts(self, path):
        shown = subprocess.run(['getfacl', '-cpn', path], check=True, capture_output=True, text=True).stdout
        return texts_of(path)[1], shown

    def edit_both(self, directory):
        for words in (['-e', 'biff=yes'], ['-X', 'biff'], ['-e', 'biff=yes', 'relayhost=a'], ['-#', 'relayhost'],
                      ['-P', 'smtp/inet/x=y'], ['-F', 'smtp/inet/chroot=y'], ['-M', 'a/unix=a unix - - n - - smtp'],
                      ['-M#', 'a/unix']):
            ended = edit(directory, *words)
            self.assertEqual((ended.returncode, ended.stderr), (0, ''))

    def test_access_control_lists(self):
        for name, entries in (('main.cf', 'u:4321:rw,g:8765:r,m::rw'), ('master.cf', 'u:1:r,u:2:rwx,g:3:-')):
            given = subprocess.run(['setfacl', '-m', entries, self.directory / name], check=False, capture_output=True, text=True)
            if given.returncode != 0:
                self.skipTest('no access control lists here: ' + given.stderr.strip())
        before = [self.facts(self.directory / name) for name in ('main.cf', 'master.cf')]
        self.assertIn(ACL, before[0][0][3])
        self.edit_both(self.directory)
        self.assertEqual([self.facts(self.directory / name) for name in ('main.cf', 'master.cf')], before)

    def test_extended_attributes(self):
        for name in ('main.cf', 'master.cf'):
            try:
                os.setxattr(self.directory / name, 'user.origin', b'rolled out\0by hand')
                os.setxattr(self.directory / name, 'user.empty', b'')
            except OSError as why:
                self.skipTest('no extended attributes here: %s' % why)
        self.edit_both(self.directory)
        for name in ('main.cf', 'master.cf'):
            self.assertEqual(os.getxattr(self.directory / name, 'user.origin'), b'rolled out\0by hand')
            self.assertEqual(os.getxattr(self.directory / name, 'user.empty'), b'')

    def test_mode_and_owner(self):
        owner = (1234, 5678) if IS_ROOT else (os.getuid(), os.getgid())
        for mode in (0o600, 0o640, 0o644, 0o664, 0o400):
            for name in ('main.cf', 'master.cf'):
                os.chown(self.directory / name, *owner)
                os.chmod(self.directory / name, mode)
            self.edit_both(self.directory)
            for name in ('main.cf', 'master.cf'):
                with self.subTest(mode=oct(mode), name=name):
                    self.assertEqual(texts_of(self.directory / name)[1][:3], (mode, *owner))

    def test_symbolic_links(self):
        real, linked, far = self.directory / 'real', self.directory / 'linked', self.directory / 'far'
        for folder in (real, linked):
            folder.mkdir()
        self.main.rename(real / 'main.cf')
        (self.directory / 'master.cf').rename(linked / 'master.real')
        (linked / 'main.cf').symlink_to('../real/main.cf')
        (linked / 'master.cf').symlink_to('again')
        (linked / 'again').symlink_to(linked / 'master.real')
        far.symlink_to('linked')
        self.edit_both(linked)
        self.edit_both(far)
        self.assertEqual(os.readlink(linked / 'main.cf'), '../real/main.cf')
        self.assertEqual(os.readlink(linked / 'master.cf'), 'again')
        self.assertEqual(os.readlink(linked / 'again'), str(linked / 'master.real'))
        self.assertIn('biff = yes\n', (real / 'main.cf').read_text())
        self.assertIn('-o x=y\n', (linked / 'master.real').read_text())
        self.assertEqual(names_in(real), ['main.cf'])
        self.assertEqual(names_in(linked), ['again', 'main.cf', 'master.cf', 'master.real'])

    def test_a_link_that_leads_nowhere(self):
        self.main.unlink()
        self.main.symlink_to('gone/main.cf')
        ended = edit(self.directory, '-e', 'biff=yes')
        self.assertEqual((ended.returncode, ended.stderr),
                         (1, 'postconf: fatal: open %s for reading: No such file or directory\n' % self.main))
        self.assertEqual(os.readlink(self.main), 'gone/main.cf')


if __name__ == '__main__':
    unittest.main()
