#!/usr/bin/env python3
"""Runs argument lists on configurations through our postconf and through Postfix's, and compares what they print, how
they end, and the files they leave. Needs no running Postfix: the package is unpacked, and only postconf is run.

POSTCONF_EACH=all tries every list on every configuration, and POSTCONF_PART=2/5 one of five parts of these tries, counted
from 0. POSTCONF_SEQUENCES is the number of random sequences, the
first of which has the seed POSTCONF_SEED. POSTCONF_POSTFIX is a folder in which the package is unpacked already."""
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import cases
from comparison import LISTED, OURS, Case, Postfix, Sequence
from configurations import CONFIGURATIONS

EACH = os.environ.get('POSTCONF_EACH', '2')  # configurations for each argument list
SEQUENCES = int(os.environ.get('POSTCONF_SEQUENCES', '60'))
PART, PARTS = map(int, os.environ.get('POSTCONF_PART', '0/1').split('/'))
SKIPPED = 77  # what ctest takes for "not run"
SHOWN = int(os.environ.get('POSTCONF_SHOWN', '25'))  # differences that are printed in full


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
        may sleep for a second when it ends with an error."""
        def run(numbered):
            number, job = numbered
            case = kind(self.postfix, tempfile.mkdtemp(dir=self.directory, prefix=str(number) + '-'), *job)
            return case.name, case.difference
        with concurrent.futures.ThreadPoolExecutor(6 if 'LD_PRELOAD' in self.postfix.theirs else 16) as pool:
            bad = ['%s\n%s' % one for one in pool.map(run, enumerate(jobs)) if one[1]]
        if bad:
            self.fail('%d of %d differ\n%s' % (len(bad), len(jobs), '\n'.join(bad[:SHOWN])))

    def spread(self, text):
        """Every argument list on EACH configurations, and over all lists every configuration."""
        each = len(CONFIGURATIONS) if EACH == 'all' else int(EACH)
        step = max(1, len(CONFIGURATIONS) // each)
        return [(*CONFIGURATIONS[(i + k * step) % len(CONFIGURATIONS)], words)
                for i, words in enumerate(cases.table(text)) for k in range(each)][PART::PARTS]

    def test_defaults_differ_where_the_page_says_and_nowhere_else(self):
        theirs, ours = self.postfix.defaults(self.postfix.program), self.postfix.defaults(OURS)
        different = {name for name in theirs.keys() | ours.keys() if theirs.get(name) != ours.get(name)}
        self.assertEqual(sorted(LISTED), sorted(different | {'process_id'}))

    def test_main_queries(self):
        self.compare(self.spread(cases.MAIN_QUERIES))

    def test_service_queries(self):
        self.compare(self.spread(cases.SERVICE_QUERIES))

    def test_main_edits(self):
        self.compare(self.spread(cases.MAIN_EDITS))

    def test_service_edits(self):
        self.compare(self.spread(cases.SERVICE_EDITS))
        self.compare([('small', 'missing', ['-MX', 'a/unix']), ('small', 'missing', ['-Fe', 'a/unix/chroot=n'])])

    def test_options_and_words(self):
        self.compare(self.spread(cases.OPTIONS))

    def test_random_sequences(self):
        first = int(os.environ.get('POSTCONF_SEED', '0'))
        self.compare([(seed,) for seed in range(first, first + SEQUENCES)], Sequence)

    def test_lists(self):
        self.compare([('empty', 'empty', words) for words in cases.table(cases.LISTS)])


if __name__ == '__main__':
    unittest.main(argv=sys.argv)
