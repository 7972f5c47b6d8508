"""What holds for every edit by postconf, tried on edits that follow from seeds: --dry-run shows what the edit does, as a
diff that patch(1) takes; --undo takes it back; a refused edit leaves no trace; what -j shows can be given to --apply.

POSTCONF_SEED is the first seed, POSTCONF_SEQUENCES how many there are."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import random_edits

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get('POSTERN_BUILD') or SOURCE / 'build' / 'release')
POSTCONF = str(BUILD / 'bin' / 'postconf')
FIRST = int(os.environ.get('POSTCONF_SEED', '0'))
SEQUENCES = int(os.environ.get('POSTCONF_SEQUENCES', '20'))
EDITS = 5
BOTH = ('main.cf', 'master.cf')


class Directory:
    """A configuration directory, and postconf run in it."""

    def __init__(self, files):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix='postconf-'))
        for name, text in files.items():
            (self.path / name).write_bytes(text)

    def remove(self):
        shutil.rmtree(self.path)

    def run(self, *words, text=None):
        words = [word.encode('utf-8', 'surrogateescape') for word in words]
        return subprocess.run([POSTCONF, '-c', '.', *words], cwd=self.path, input=text, capture_output=True, check=False,
                              timeout=60)

    def texts(self):
        return {name: (self.path / name).read_bytes() for name in BOTH}

    def state(self):
        """Every file, and whether it is still the same one."""
        return {file.name: (file.read_bytes(), file.stat().st_ino, file.stat().st_mtime_ns) for file in self.path.iterdir()}

    def patched(self, difference):
        """The texts as patch(1) makes them."""
        copy = Directory(self.texts())
        try:
            if difference:
                subprocess.run(['patch', '-s', '-p0', '--binary'], cwd=copy.path, input=difference, check=True,
                               capture_output=True)
            return copy.texts()
        finally:
            copy.remove()


class Edits(unittest.TestCase):
    def each_seed(self, check):
        for seed in range(FIRST, FIRST + SEQUENCES):
            chance = random_edits.Edits(seed)
            with self.subTest(seed=seed):
                conf = Directory(chance.files())
                try:
                    check(conf, chance)
                finally:
                    conf.remove()

    def edit(self, conf, words):
        """An edit, after a look at what it would do; whether it changed anything."""
        before, texts = conf.state(), conf.texts()
        shown = conf.run('--dry-run', *words)
        self.assertEqual(conf.state(), before, words)
        done = conf.run(*words)
        self.assertEqual((done.returncode, done.stderr), (shown.returncode, shown.stderr), words)
        self.assertIn(done.returncode, (0, 1), (words, done))
        if done.returncode:
            self.assertRegex(done.stderr.decode(errors='replace'), r'(?m)^postconf: fatal: .+\n\Z')
            self.assertEqual(conf.state(), before, words)
            return False
        after = conf.texts()
        if after == texts:
            self.assertEqual(shown.stdout, b'', words)
            self.assertEqual(conf.state(), before, words)
            return False
        self.assertEqual(sorted(conf.state()), sorted([*BOTH, '.postconf.history']))
        copy = Directory(texts)
        try:
            self.assertEqual(copy.patched(shown.stdout), after, (words, shown.stdout))
        finally:
            copy.remove()
        return True

    def test_a_dry_run_shows_what_happens_and_undo_takes_it_back(self):
        def check(conf, chance):
            first = conf.texts()
            tried = [chance.edit() for _ in range(EDITS)]
            done = [words for words in tried if self.edit(conf, words)]
            self.assertEqual(conf.run('--history').stdout.count(b'\n'), len(done))
            for left in range(len(done), 0, -1):
                taken = conf.run('--undo')
                self.assertEqual(taken.returncode, 0, (taken.stderr, left, done))
            self.assertEqual(conf.texts(), first, done)
            refused = conf.run('--undo')
            self.assertEqual(refused.returncode, 1)
        self.each_seed(check)

    def test_several_edits_can_be_taken_back_at_once(self):
        def check(conf, chance):
            first = conf.texts()
            done = sum(self.edit(conf, chance.edit()) for _ in range(EDITS))
            if done:
                taken = conf.run('--undo', str(done))
                self.assertEqual((taken.returncode, taken.stderr), (0, b''))
            self.assertEqual(conf.texts(), first)
        self.each_seed(check)

    def apply_what_is_shown(self, conf):
        if conf.run('-M').returncode:
            return  # not even a query can read this one
        if b''.join(conf.texts().values()).decode('utf-8', 'replace').count('\ufffd'):
            return  # JSON is UTF-8: other bytes are shown as question marks
        before = conf.state()
        entries = [tuple(line.split()[:2]) for line in conf.run('-M').stdout.splitlines()]
        spaces = ['-nj', '-Mj', '-Fj']
        if len(entries) == len(set(entries)):
            spaces += ['-Pj', '-Oj']  # of several entries with one name it shows what is not in force as well
        for space in spaces:
            shown = conf.run(space).stdout
            taken = conf.run('--status', '--apply', '-', text=shown)
            self.assertEqual((taken.returncode, taken.stderr, space), (2, b'', space))
            self.assertEqual(conf.state(), before, space)

    def test_what_is_shown_as_json_can_be_applied_and_changes_nothing(self):
        self.each_seed(lambda conf, _: self.apply_what_is_shown(conf))

    def test_so_can_what_is_installed(self):
        conf = Directory({name: (SOURCE / 'conf' / name).read_bytes() for name in BOTH})
        self.addCleanup(conf.remove)
        self.apply_what_is_shown(conf)


if __name__ == '__main__':
    unittest.main(argv=sys.argv)
