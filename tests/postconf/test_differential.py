#!/usr/bin/env python3
"""Runs argument lists on configurations through our postconf and through Postfix's, and compares what they print, how
they end, and the files they leave. Needs no running Postfix: the package is unpacked, and only postconf is run."""
import concurrent.futures
import difflib
import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import cases
import random_cases

BUILD = os.environ['POSTERN_BUILD']
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OURS = os.path.join(BUILD, 'bin', 'postconf')
# Ours says in which line of master.cf, Postfix often does not.
BROKEN = re.compile(r'^fatal: (?:file )?CONF/master.cf[:,] line \d+: (bad field count|invalid \w+ field "[^"]*").*')
INVALID = re.compile(r'^(fatal: invalid \w+ field "[^"]*") in ".*"$')
SKIPPED = 77  # what ctest takes for "not run"
SHOWN = 25  # differences that are printed in full


def listed_names():
    """The parameters that docs/postconf-differences.md lists, by its tables."""
    with open(os.path.join(SOURCE, 'docs', 'postconf-differences.md'), encoding='utf-8') as page:
        return set(re.findall(r'^\| `([^`]+)` \|', page.read(), re.M))


LISTED = listed_names()


class Postfix:
    """Postfix's postconf: the installed one, or one unpacked from Debian's package."""

    def __init__(self, directory):
        self.environment = {'PATH': os.environ['PATH'], 'LC_ALL': 'C'}
        self.program, self.share = '/usr/sbin/postconf', cases.STOCK
        if not self.is_postfix(self.program):
            self.unpack(directory)
        self.main = pathlib.Path(self.share, 'main.cf.dist').read_text('utf-8')
        self.master = pathlib.Path(self.share, 'master.cf.dist').read_text('utf-8')
        self.empty = os.path.join(directory, 'empty')
        os.mkdir(self.empty)
        pathlib.Path(self.empty, 'master.cf').touch()
        self.follow = set()  # parameters whose default is made of listed ones
        found = {'postconf'}
        while found:
            found = {name for name, value in self.defaults(self.program).items() if name not in self.follow | LISTED
                     and set(re.findall(r'\$[{(]*(\w+)', value)) & (LISTED | self.follow)}
            self.follow |= found

    def unpack(self, directory):
        subprocess.run(['apt-get', 'download', 'postfix'], cwd=directory, check=True, capture_output=True)
        for package in glob.glob(os.path.join(directory, 'postfix_*.deb')):
            subprocess.run(['dpkg-deb', '-x', package, directory], check=True, capture_output=True)
        self.program = directory + '/usr/sbin/postconf'
        self.share = directory + cases.STOCK
        self.environment['LD_LIBRARY_PATH'] = directory + '/usr/lib/postfix'
        if not self.is_postfix(self.program):
            raise FileNotFoundError(self.program)

    def defaults(self, program):
        shown = subprocess.run([program, '-c', self.empty, '-d'], env=self.environment, capture_output=True, text=True, check=True).stdout
        return dict((line + ' ').split(' = ', 1) for line in shown.replace(' =\n', ' = \n').split('\n') if line)

    def is_postfix(self, program):
        try:
            asked = subprocess.run([program, '-dh', 'mail_name'], env=self.environment, capture_output=True, text=True,
                                   check=False)
        except OSError:
            return False
        return asked.stdout == 'Postfix\n'


class Case:
    """One argument list on one configuration, through both programs."""

    def __init__(self, postfix, directory, main, master, arguments):
        texts = {'main.cf': postfix.main if main == 'stock' else cases.MAIN[main],
                 'master.cf': postfix.master if master == 'stock' else cases.MASTER[master]}
        self.name = 'main %s, master %s' % (main, master)
        self.compare(postfix, directory, texts, arguments)

    def compare(self, postfix, directory, texts, arguments):
        self.name += ': postconf ' + ' '.join(map(repr, arguments))
        self.postfix = postfix
        self.expands = any(re.match('-[a-zA-Z]*x', word) for word in arguments)
        self.in_any_order = arguments[0] == '-e' and len(arguments) > 2
        self.theirs = self.run(postfix, postfix.program, directory + '/theirs', texts, arguments)
        self.ours = self.run(postfix, OURS, directory + '/ours', texts, arguments)

    @staticmethod
    def run(postfix, program, directory, texts, arguments):
        os.mkdir(directory)
        for name, text in texts.items():
            if text is None:
                continue
            path = pathlib.Path(directory, name)
            path.write_text(text, 'utf-8')
            os.utime(path, (1, 1))  # Postfix reads a file that is fresh more than once
        words = [word.replace('CONF', directory) for word in arguments]
        ran = subprocess.run([program, '-c', directory] + words, env=postfix.environment, capture_output=True,
                             check=False, text=True, encoding='latin-1')
        files = {path.name: path.read_text('utf-8') for path in sorted(pathlib.Path(directory).iterdir())}
        shutil.rmtree(directory)
        return ran.returncode, ran.stdout.replace(directory, 'CONF'), ran.stderr.replace(directory, 'CONF'), files

    def difference(self):
        """What differs, as text; empty if nothing does but what the page lists."""
        if 'macro processing error' in self.theirs[2]:
            return ''  # one bad value stops Postfix whatever is asked
        sides = [['exit status %d' % status] + self.plain(out) + self.messages(err) + self.plain_files(files)
                 for status, out, err, files in (self.theirs, self.ours)]
        return '\n'.join(list(difflib.unified_diff(*sides, 'Postfix', 'Postern', n=0, lineterm=''))[2:])

    def plain(self, out):
        """Without the parameters that are listed, and with -x without those that are made of these."""
        away = LISTED | (self.postfix.follow if self.expands else set())
        return [line for line in out.split('\n') if line.split(' =')[0] not in away]

    @staticmethod
    def messages(err):
        """Postfix gives warnings in the order of a hash table, and its own usage text."""
        if 'usage: postconf' in err:
            return ['usage']
        lines = (re.sub(r'^\S*postconf: ', '', line) for line in err.split('\n') if line)
        return sorted({re.sub(r'[^ -~]', '?', INVALID.sub(r'\1', BROKEN.sub(r'fatal: \1', line))) for line in lines})

    def plain_files(self, files):
        """Postfix leaves its temporary file when it fails, and appends several new names in any order."""
        files = {name: '\n'.join(sorted(text.split('\n'))) if self.in_any_order else text
                 for name, text in files.items() if not name.endswith('.tmp')}
        return ['%s: %s' % (name, line) for name, text in files.items() for line in text.split('\n')]


class Sequence(Case):
    """Files and edits that follow from a seed, one edit after the other, up to the first that differs."""

    def __init__(self, postfix, directory, seed):
        chance = random_cases.Chance(seed)
        texts = {'main.cf': chance.main(), 'master.cf': chance.master()}
        for step in range(STEPS):
            self.name = 'seed %d, main.cf %r, master.cf %r' % (seed, *texts.values())
            self.compare(postfix, tempfile.mkdtemp(dir=directory, prefix='%d-' % step), texts, chance.arguments())
            if self.difference():
                break
            texts = self.ours[3]


class Differential(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix='postconf-')
        try:
            cls.postfix = Postfix(cls.directory)
        except (OSError, subprocess.CalledProcessError) as why:
            shutil.rmtree(cls.directory)
            print('Postfix cannot be had to compare with: %s' % why)
            os._exit(SKIPPED)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.directory)

    def compare(self, jobs, kind=Case):
        """Runs (main, master, arguments) triples, or seeds, and fails with those that differ. Many at a time, because Postfix
        sleeps for a second whenever it ends with an error."""
        def run(numbered):
            number, job = numbered
            return kind(self.postfix, tempfile.mkdtemp(dir=self.directory, prefix=str(number) + '-'), *job)
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            ran = list(pool.map(run, enumerate(jobs)))
        found = [(case.name, case.difference()) for case in ran]
        bad = ['%s\n%s' % one for one in found if one[1]]
        if bad:
            self.fail('%d of %d differ\n%s' % (len(bad), len(ran), '\n'.join(bad[:SHOWN])))

    def spread(self, lists, configurations, each):
        """Every argument list on `each` configurations, and over all lists every configuration."""
        step = max(1, len(configurations) // each)
        return [(*configurations[(i + k * step) % len(configurations)], words)
                for i, words in enumerate(lists) for k in range(each)]

    def test_defaults_differ_where_the_page_says_and_nowhere_else(self):
        theirs, ours = self.postfix.defaults(self.postfix.program), self.postfix.defaults(OURS)
        different = {name for name in theirs.keys() | ours.keys() if theirs.get(name) != ours.get(name)}
        self.assertEqual(sorted(LISTED), sorted(different | {'process_id'}))

    def test_main_queries(self):
        self.compare(self.spread(cases.table(cases.MAIN_QUERIES), cases.CONFIGS, EACH))

    def test_service_queries(self):
        masters = [('small', master) for master in cases.MASTER] + [('users', 'refers'), ('users', 'odd')]
        self.compare(self.spread(cases.table(cases.SERVICE_QUERIES), masters, EACH))

    def test_main_edits(self):
        mains = [(main, 'empty') for main in cases.MAIN if main != 'no_newline']  # there Postfix loses a line
        self.compare(self.spread(cases.table(cases.MAIN_EDITS), mains, EACH))

    def test_service_edits(self):
        masters = [('small', master) for master in cases.MASTER if master != 'missing']
        self.compare(self.spread(cases.table(cases.SERVICE_EDITS), masters, EACH))
        self.compare([('small', 'missing', ['-MX', 'a/unix']), ('small', 'missing', ['-Fe', 'a/unix/chroot=n'])])

    def test_random_sequences(self):
        first = int(os.environ.get('POSTCONF_SEED', '0'))
        self.compare([(seed,) for seed in range(first, first + SEQUENCES)], Sequence)

    def test_lists(self):
        self.compare([('empty', 'empty', words) for words in cases.table(cases.LISTS)])


EACH = int(os.environ.get('POSTCONF_EACH', '2'))  # configurations for each argument list

SEQUENCES = int(os.environ.get('POSTCONF_SEQUENCES', '60'))
STEPS = 4

if __name__ == '__main__':
    unittest.main(argv=sys.argv)
