#!/usr/bin/env python3
"""What docs/postconf.md shows is what postconf does: every command of the page is run, and what it prints compared. Page,
manual page and completions have every option. --reload with a running mail system is in
tests/system/test_postconf.py.

test_docs.py --write puts what the commands print now into the page, for a person to look at."""
import difflib
import os
import re
import subprocess
import sys
import unittest

import page

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get('POSTERN_BUILD') or os.path.join(SOURCE, 'build', 'release'))
PROGRAMS = os.path.join(BUILD, 'bin')
GUIDE = os.path.join(SOURCE, 'docs', 'postconf.md')
MANUAL = os.path.join(SOURCE, 'packaging', 'man', 'postconf.1')
COMPLETIONS = [os.path.join(SOURCE, 'packaging', 'completions', name) for name in ('postconf.bash', '_postconf')]


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def letters():
    """Those of postconf/options.h."""
    return re.search(r'kLetters = "([^"]+)"', read(os.path.join(SOURCE, 'postconf', 'options.h')))[1]


def long_options():
    """Names and values: {'apply': 'FILE', 'check': '', ...}."""
    table = read(os.path.join(SOURCE, 'postconf', 'options.h')).split('kLongOptions[] = {')[1]
    return dict(re.findall(r'\{"([\w-]+)",\s*"([^"]*)"', table))


class Docs(unittest.TestCase):
    maxDiff = None

    def test_the_guide_shows_what_happens(self):
        text = read(GUIDE)
        now, count = page.replay(text, PROGRAMS)
        difference = ''.join(difflib.unified_diff(text.splitlines(True), now.splitlines(True), 'the page', 'what happens', n=2))
        self.assertEqual(difference, '')
        self.assertGreater(count, 100)

    def test_the_table_is_what_help_shows(self):
        text = subprocess.run([os.path.join(PROGRAMS, 'postconf'), '--help'], capture_output=True, text=True, check=True).stdout
        self.assertEqual(set(re.findall(r'^  --([\w-]+)', text, re.M)), set(long_options()))
        self.assertGreater(len(long_options()), 15)

    def test_the_guide_has_every_option(self):
        text = read(GUIDE)
        for name in long_options():
            self.assertTrue(re.search(rf'--{name}\b(?!-)', text), '--' + name)
        for letter in letters():
            self.assertTrue(re.search(rf'(?<![\w-])-\w*{letter}', text), '-' + letter)

    def test_the_manual_has_every_option(self):
        text = read(MANUAL).replace('\\-', '-')
        for name, value in long_options().items():
            found = re.search(rf'^\.TP\n\.BI? --{name}\b(?!-)(.*)$', text, re.M)
            self.assertTrue(found, '--' + name)
            self.assertEqual(re.sub(r'[" ]', '', found[1]), value.replace(' ', ''), '--' + name)
        for letter in letters():
            self.assertTrue(re.search(rf'^\.TP\n\.BI? -{letter}( |$)', text, re.M), '-' + letter)

    def test_the_manual_is_clean(self):
        done = subprocess.run(['man', '--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', MANUAL], capture_output=True,
                              text=True, env={**os.environ, 'LC_ALL': 'C.UTF-8', 'MANWIDTH': '80'}, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ''))

    def test_the_completions_have_every_option(self):
        for path in COMPLETIONS:
            text = read(path)
            for name in long_options():
                self.assertTrue(re.search(rf'--{name}\b(?!-)', text), f'{path}: --{name}')
            for letter in letters():
                self.assertTrue(re.search(rf"[ '\n]-{letter}[ :\n]", text), f'{path}: -{letter}')


if __name__ == '__main__':
    if sys.argv[1:] == ['--write']:
        new, _ = page.replay(read(GUIDE), PROGRAMS)
        with open(GUIDE, 'w', encoding='utf-8') as out:
            out.write(new)
    else:
        unittest.main()
