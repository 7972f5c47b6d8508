#!/usr/bin/env python3
"""Augeas reads what our postconf writes: its lenses of main.cf and master.cf take the files that we ship, and the result
of every edit in cases.py, unless they do not take what Postfix itself would write. Touches nothing of the machine: the
root directory is one of our own."""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import cases
import configurations
from comparison import OURS, SOURCE, Postfix, Side

SKIPPED = 77  # what ctest takes for "not run"
LENSES = {'main.cf': 'Postfix_Main.lns', 'master.cf': 'Postfix_Master.lns'}
# Each of these is edited by every list of both tables.
BASES = [(name, name) for name in configurations.SERVERS] + [
    ('debian', 'stock'), ('small', 'flags'), ('folded', 'comments'), ('tabs', 'odd'), ('users', 'long'),
    ('commented_in', 'comments_in')]
STRIDE = int(os.environ.get('AUGEAS_STRIDE', '10'))  # each list on every tenth of these; 1: on all


def unread(root):
    """The files below root that their lens cannot read, and why; names end in main.cf or master.cf."""
    transforms = []
    for name, lens in LENSES.items():
        transforms += ['--transform', '%s incl /*/%s' % (lens, name)]
    asked = subprocess.run(['augtool', '-r', root, '-L', *transforms], input='match /augeas//error/message\n',
                           check=True, capture_output=True, text=True)
    return dict(re.findall(r'^/augeas/files/(\S+)/error/message = (.*)$', asked.stdout, re.M))


class Augeas(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix='postconf-augeas-')
        if shutil.which('augtool') is None:
            print('augtool is not there')
            os._exit(SKIPPED)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.directory)

    def root(self, name):
        path = os.path.join(self.directory, name)
        os.mkdir(path)
        return path

    def test_the_files_that_we_ship(self):
        root = self.root('shipped')
        shutil.copytree(os.path.join(SOURCE, 'conf'), root + '/conf')
        self.assertEqual(unread(root), {})
        asked = subprocess.run(
            ['augtool', '-r', root, '-L', '--transform', 'Postfix_Main.lns incl /conf/main.cf', '--transform',
             'Postfix_Master.lns incl /conf/master.cf'], check=True, capture_output=True, text=True,
            input='get /files/conf/main.cf/mail_owner\nget /files/conf/master.cf/smtp[1]/command\n')
        self.assertEqual(asked.stdout, '/files/conf/main.cf/mail_owner = postern\n/files/conf/master.cf/smtp[1]/command = smtpd\n')

    def test_a_file_that_is_broken_is_reported(self):
        root = self.root('broken')
        for name in LENSES:
            os.makedirs(root + '/1', exist_ok=True)
            pathlib.Path(root, '1', name).write_text('rubbish {\n')
        self.assertEqual(sorted(unread(root)), ['1/main.cf', '1/master.cf'])

    def write(self, program, environment, root, jobs):
        """The results of the edits, each in a folder of its own."""
        def one(numbered):
            number, (main, master, words) = numbered
            texts = {'main.cf': configurations.MAIN[main], 'master.cf': configurations.MASTER[master]}
            side = Side(program, environment, os.path.join(root, str(number)), texts)
            status = side.run(words)[0]
            for path in pathlib.Path(side.directory).iterdir():
                if status != 0 or path.read_bytes() == texts.get(path.name, '').encode('utf-8', 'surrogateescape'):
                    path.unlink()  # nothing was edited
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            list(pool.map(one, enumerate(jobs)))

    def jobs(self):
        lists = [words for text in (cases.MAIN_EDITS, cases.SERVICE_EDITS, cases.OPTIONS) for words in cases.table(text)]
        lists = [words for words in lists if not words[0].startswith(('MAIL_CONFIG=', '-c'))]
        return [(*base, words) for i, words in enumerate(lists) for k, base in enumerate(BASES) if (i + k) % STRIDE == 0]

    def test_the_result_of_every_edit_is_read_if_that_of_postfix_is(self):
        try:
            postfix = Postfix(self.directory)
        except (OSError, subprocess.CalledProcessError) as why:
            self.skipTest('Postfix cannot be had to compare with: %s' % why)
        roots = self.root('ours'), self.root('theirs')
        jobs = self.jobs()
        self.write(OURS, postfix.environment, roots[0], jobs)
        self.write(postfix.program, postfix.theirs, roots[1], jobs)
        ours, theirs = (unread(root) for root in roots)
        written = {str(path.relative_to(roots[0])) for path in pathlib.Path(roots[0]).glob('*/*.cf')}
        print('%d files written by edits, %d of them beyond the lenses, %d of Postfix' % (len(written), len(ours), len(theirs)))
        self.assertGreater(len(written), 1500 // STRIDE)
        self.assertGreater(len(written), 2 * len(ours), 'most are read')
        wrong = {name: why for name, why in ours.items()
                 if name not in theirs and os.path.exists(os.path.join(roots[1], name))}
        self.assertEqual({(name, why, str(jobs[int(name.split('/')[0])])) for name, why in wrong.items()}, set())


if __name__ == '__main__':
    unittest.main()
