#!/usr/bin/env python3
"""Shows template files with our postconf -t and -b and with Postfix's, and compares what they print and how they end.
The built-in texts are our own: a part of an answer that is the built-in one counts as equal to the other's."""
import concurrent.futures
import difflib
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import comparison
import template_cases as cases

RANDOM = int(os.environ.get('POSTCONF_TEMPLATES', '60'))  # random files
SHOWN = 15  # differences that are printed in full
BLOCK = re.compile(r'(\w+) = <<EOF\n(.*?)^EOF\n(?:\n(?=\w+ = <<EOF\n)|\Z)', re.S | re.M)
# Postfix counts one line too many, and from the end of a template; of an end marker that is missing it may name another
# text; why a macro is malformed, it says in other words.
LINE = re.compile(r', line \d+')
OF_TEMPLATE = re.compile('template -- ignoring this template$|8-bit message text|please specify a charset|for now$')
WHY = re.compile(r'warning: (empty macro name|truncated macro|attribute name syntax|macro syntax|unreasonable macro)')
MACRO = re.compile(r'fatal: (dictionary mail_dict: macro processing|parameter \w+: \w+ macro) .*')


class Programs:
    """Both programs, and a main.cf that lets Postfix's find its other parts wherever it is unpacked."""

    def __init__(self, directory):
        self.directory = directory
        self.postfix = comparison.Postfix(directory)
        root = self.postfix.share[:-len('/usr/share/postfix')]
        self.main = ('compatibility_level = 3.6\nmyhostname = mail.example.com\nmydomain = example.com\n'
                     'mail_owner = mail\nsetgid_group = tty\nqueue_directory = %s\n'
                     'daemon_directory = %s/usr/lib/postfix/sbin\n' % (directory, root))
        self.standards = {}

    def run(self, program, text, main, arguments):
        """Exit status, standard output and standard error."""
        directory = tempfile.mkdtemp(dir=self.directory)
        for name, content in (('main.cf', self.main + main), ('master.cf', ''), ('templates', text)):
            path = pathlib.Path(directory, name)
            path.write_bytes(content.encode('utf-8', 'surrogateescape'))
            os.utime(path, (1, 1))  # Postfix reads a file that is fresh more than once
        ran = subprocess.run([program, '-c', directory] + [word.replace('CONF', directory) for word in arguments],
                             env=self.postfix.theirs if program == self.postfix.program else self.postfix.environment, capture_output=True, check=False, cwd=directory)
        shutil.rmtree(directory)
        out, err = (stream.decode('latin-1').replace(directory, 'CONF') for stream in (ran.stdout, ran.stderr))
        return ran.returncode, out, err

    def answer(self, program, text, main, arguments):
        """The answer as lines, without what may differ."""
        status, out, err = self.run(program, text, main, arguments)
        key = (program, main, arguments[0])
        if key not in self.standards:
            self.standards[key] = dict(BLOCK.findall(self.run(program, '', main, [arguments[0], ''])[1]))
        return ['exit status %d' % status] + shown(out, self.standards[key]) + messages(err)

    def difference(self, text, main, arguments):
        sides = [self.answer(program, text, main, arguments)
                 for program in (self.postfix.program, comparison.OURS)]
        return '\n'.join(list(difflib.unified_diff(*sides, 'Postfix', 'Postern', n=0, lineterm=''))[2:])


def parts(name, text):
    """The headers, of which an expanded text has none, and what is behind them."""
    head, body = text.split('\n\n', 1) if name.endswith('_template') else ('', text)
    return head.split('\n'), body


def shown(out, standards):
    lines = []
    for name, text in BLOCK.findall(out):
        (head, body), (standard_head, standard_body) = parts(name, text), parts(name, standards[name])
        lines.append(name)
        lines += [re.sub(': .*', ': built-in', line) if line in standard_head else line for line in head]
        lines += ['built-in'] if body == standard_body else body.split('\n')
    rest = BLOCK.sub('', out)
    return lines + ['between the templates: ' + repr(rest)] if rest else lines


def messages(err):
    """Ours says nothing else of a file that is no template file. Postfix's -b looks at a template when it is the turn
    of this one to be shown, and so says nothing of those behind one that ends the program."""
    malformed = re.search('fatal: .*(attribute name: |end marker after <<)', err)
    err = malformed.group() if malformed else re.sub('missing ".*" end marker', 'missing end marker', err)
    lines = [re.sub(r'^\S*(postconf|bounce): ', '', line) for line in err.split('\n') if line]
    lines = [MACRO.sub('fatal: macro', LINE.sub('', line)) for line in lines if not WHY.match(line)]
    if re.search(r'fatal: .*(\$name|unrecognized suffix)', err):
        lines = [line for line in lines if not OF_TEMPLATE.search(line)]
    return sorted(re.sub(r'[^ -~]', '?', line.replace('name: "   ', 'name: "')) for line in lines
                  if line != 'warning: for instructions see the bounce(5) manual')


def random_file(seed):
    """Lines of template files in an order that follows from the seed."""
    chance = random.Random(seed)
    lines = []
    for _ in range(chance.randint(1, 4)):
        lines += chance.choices(cases.BETWEEN, k=chance.choice((0, 0, 1, 2)))
        lines.append(chance.choice(cases.STARTS))
        lines += chance.choices(cases.HEADERS, k=chance.randint(0, 3))
        # Not empty: for such a template Postfix takes the text of the one before it.
        lines += chance.choices(cases.LINES, k=chance.randint(1, 5))
        lines += chance.choice((['END'], ['END'], ['END'], []))
    return '\n'.join(lines) + ('\n' if lines[-1] == 'END' else chance.choice(('\n', '')))


class Templates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix='templates-')
        try:
            cls.programs = Programs(cls.directory)
        except (OSError, subprocess.CalledProcessError) as why:
            shutil.rmtree(cls.directory)
            print('Postfix cannot be had to compare with: %s' % why)
            os._exit(comparison.SKIPPED)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.directory)

    def compare(self, jobs):
        """(text, main.cf, arguments), many at a time: Postfix sleeps for a second whenever it ends with an error."""
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            found = list(pool.map(lambda job: self.programs.difference(*job), jobs))
        bad = ['%r\n%s' % one for one in zip(jobs, found) if one[1]]
        if bad:
            self.fail('%d of %d differ\n%s' % (len(bad), len(jobs), '\n'.join(bad[:SHOWN])))

    def test_the_other_postconf_shows_templates_at_all(self):
        text = 'verify_template = <<X\nSubject: s\n\non $myhostname\nX\n'
        for option, line in (('-t', 'on $myhostname'), ('-b', 'on mail.example.com')):
            status, out, err = self.programs.run(self.programs.postfix.program, text, '', [option, 'CONF/templates'])
            self.assertEqual((status, err), (0, ''))
            self.assertIn('\n%s\nEOF\n' % line, out)

    def test_files(self):
        self.compare([(text, '', [option, 'CONF/templates']) for text in cases.FILES for option in ('-t', '-b')])

    def test_texts(self):
        self.compare([(cases.file_of(text), main, ['-b', 'CONF/templates']) for text, main in cases.TEXTS])

    def test_which_file(self):
        self.compare([(cases.file_of('from the file'), main, words) for main, words in cases.CHOICES])

    def test_random_files(self):
        first = int(os.environ.get('POSTCONF_SEED', '0'))
        self.compare([(random_file(seed), 'delay_warning_time = 3h\n', [option, 'CONF/templates'])
                      for seed in range(first, first + RANDOM) for option in ('-t', '-b')])


if __name__ == '__main__':
    unittest.main(argv=sys.argv)
