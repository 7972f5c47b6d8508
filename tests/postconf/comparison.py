"""Runs our postconf and Postfix's with the same arguments on the same files, and says what differs."""
import difflib
import glob
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import configurations
import random_cases

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OURS = os.path.join(os.environ['POSTERN_BUILD'], 'bin', 'postconf')
NO_SLEEP = b'extern "C" unsigned sleep(unsigned) { return 0; }\n'
STEPS = 5  # of a random sequence
# Ours says in which line of master.cf, Postfix often does not.
BROKEN = re.compile(r'^fatal: (?:file )?CONF/master.cf[:,] line \d+: (bad field count|invalid \w+ field "[^"]*").*')
CONF = re.compile(r'\bCONF\b')
USAGE = re.compile(r'usage: \S*postconf')
QUOTED = re.compile(r'(?<=: ")\s+|[\s?]+"$')  # blanks around what is quoted
LONGEST = 120  # how much of a message is compared: Postfix cuts it somewhere
INVALID = re.compile(r'^(fatal: invalid \w+ field "[^"]*") in ".*"$')


def listed_names():
    """The parameters that docs/postconf-differences.md lists, by its tables."""
    with open(os.path.join(SOURCE, 'docs', 'postconf-differences.md'), encoding='utf-8') as page:
        return set(re.findall(r'^\| `([^`]+)` \|', page.read(), re.M))


LISTED = listed_names()


def to_bytes(text):
    return text.encode('utf-8', 'surrogateescape')


def to_text(data):
    return data.decode('utf-8', 'surrogateescape')


class Postfix:
    """Postfix's postconf: the installed one, one unpacked in the folder POSTCONF_POSTFIX, or one unpacked here."""

    def __init__(self, directory):
        self.environment = {'PATH': os.environ['PATH'], 'LC_ALL': 'C'}
        self.theirs = dict(self.environment)  # the environment of Postfix's
        self.program, self.share = '/usr/sbin/postconf', '/usr/share/postfix'
        if not self.is_postfix(self.program):
            self.take(os.environ.get('POSTCONF_POSTFIX') or self.unpack(directory))
        configurations.add_stock(self.share)
        self.sleep_never(directory)
        self.empty = os.path.join(directory, 'empty')
        os.mkdir(self.empty)
        pathlib.Path(self.empty, 'master.cf').touch()
        theirs, ours = self.defaults(self.program), self.defaults(OURS)
        self.places = [(ours[name].strip(), theirs[name].strip()) for name in LISTED & theirs.keys()
                       if name in ('mail_name', 'mail_version') or ours[name].startswith('/')]
        self.follow = set()  # parameters whose default is made of listed ones
        found = {'postconf'}
        while found:
            found = {name for name, value in self.defaults(self.program).items() if name not in self.follow | LISTED
                     and set(re.findall(r'\$[{(]*(\w+)', value)) & (LISTED | self.follow)}
            self.follow |= found

    @staticmethod
    def unpack(directory):
        subprocess.run(['apt-get', 'download', 'postfix'], cwd=directory, check=True, capture_output=True)
        for package in glob.glob(os.path.join(directory, 'postfix_*.deb')):
            subprocess.run(['dpkg-deb', '-x', package, directory], check=True, capture_output=True)
        return directory

    def take(self, root):
        self.program = root + self.program
        self.share = root + self.share
        self.theirs['LD_LIBRARY_PATH'] = root + '/usr/lib/postfix'
        if not self.is_postfix(self.program):
            raise FileNotFoundError(self.program)

    def sleep_never(self, directory):
        """Postfix sleeps for a second whenever it ends with an error, unless there is no compiler to prevent it."""
        library = os.path.join(directory, 'no_sleep.so')
        compiled = subprocess.run(['c++', '-shared', '-fPIC', '-x', 'c++', '-o', library, '-'], input=NO_SLEEP, check=False,
                                  capture_output=True)
        if compiled.returncode == 0:
            self.theirs['LD_PRELOAD'] = library

    def defaults(self, program):
        shown = subprocess.run([program, '-c', self.empty, '-d'], env=self.theirs, capture_output=True, text=True,
                               check=True).stdout
        return dict((line + ' ').split(' = ', 1) for line in shown.replace(' =\n', ' = \n').split('\n') if line)

    def is_postfix(self, program):
        try:
            asked = subprocess.run([program, '-dh', 'mail_name'], env=self.theirs, capture_output=True, text=True,
                                   check=False)
        except OSError:
            return False
        return asked.stdout == 'Postfix\n'


class Side:
    """One of the programs, and the directory that it works on."""

    def __init__(self, program, environment, directory, texts):
        self.program, self.environment, self.directory = program, environment, directory
        os.mkdir(directory)
        self.write(texts)

    def write(self, texts):
        for path in pathlib.Path(self.directory).iterdir():
            path.unlink()
        for name, text in texts.items():
            if text is not None:
                pathlib.Path(self.directory, name).write_bytes(to_bytes(text))

    def files(self):
        """All but the history of edits, which only ours keeps."""
        return {path.name: to_text(path.read_bytes()) for path in sorted(pathlib.Path(self.directory).iterdir())
                if not path.name.startswith('.')}

    def run(self, arguments):
        """Exit status, output, errors, and the files that are there now. CONF stands for the directory; as for a shell,
        MAIL_CONFIG=CONF in front is the environment."""
        for path in pathlib.Path(self.directory).iterdir():
            os.utime(path, (1, 1))  # Postfix reads a file that is fresh more than once
        words = [CONF.sub(self.directory, word) for word in arguments]
        environment = dict(self.environment)
        if words and words[0].startswith('MAIL_CONFIG='):
            environment['MAIL_CONFIG'] = words.pop(0).split('=', 1)[1]
        else:
            words = ['-c', self.directory] + words
        ran = subprocess.run([self.program] + [to_bytes(word) for word in words], env=environment, capture_output=True,
                             check=False, stdin=subprocess.DEVNULL)
        out, err = (data.decode('latin-1').replace(self.directory, 'CONF') for data in (ran.stdout, ran.stderr))
        return ran.returncode, out, err, self.files()


# What Postfix says of what only ours understands.
NEW = re.compile(r'with option -F, do not specify -[X#]|with option -P, do not specify -#|'
                 r'-Pe does not accept whitespace in parameter value|'
                 r"missing '=' after attribute name: \"-\w|invalid option -- '(O|j|-)'")


class Case:
    """One argument list on one configuration, through both programs."""

    def __init__(self, postfix, directory, main, master, arguments):
        texts = {'main.cf': configurations.MAIN[main], 'master.cf': configurations.MASTER[master]}
        self.name = 'main %s, master %s: postconf %s' % (main, master, ' '.join(map(repr, arguments)))
        self.begin(postfix, directory, texts)
        self.difference = self.compare(arguments)
        shutil.rmtree(directory)

    def begin(self, postfix, directory, texts):
        self.postfix = postfix
        self.theirs = Side(postfix.program, postfix.theirs, directory + '/theirs', texts)
        self.ours = Side(OURS, postfix.environment, directory + '/ours', texts)

    def compare(self, arguments):
        """What differs, as text; empty if nothing does but what docs/postconf-differences.md lists."""
        self.before = self.ours.files()
        self.expands = any(re.match('-[a-zA-Z]*x', word) for word in arguments)
        self.has_glob = any(re.search(r'[^/*][*]|[*][^/*]|[?]', word) for word in arguments)
        self.settings = sum('=' in word for word in arguments)
        self.verbose = any(re.match('-[a-zA-Z]*v', word) for word in arguments)
        theirs, ours = self.theirs.run(arguments), self.ours.run(arguments)
        found = self.diff(theirs, ours)
        listed = (self.is_stopped_by_macro, self.is_fatal_alike, self.is_refused, self.is_new)
        if not found or any(check(theirs, ours) for check in listed):
            return ''
        if not self.lacks_newline():
            return found
        theirs = self.with_newline(arguments)
        return '' if self.is_refused(theirs, ours) else self.diff(theirs, ours, '\n')

    @staticmethod
    def is_stopped_by_macro(theirs, ours):
        """One bad value stops Postfix whatever is asked, or ends it with a crash."""
        return ('macro processing error' in theirs[2] or theirs[0] < 0) and ours[0] in (0, 1)

    def is_fatal_alike(self, theirs, ours):
        """Who ends with an error may have warned before or not, and of an error in the arguments and one in a file
        either may come first."""
        fatal = [[re.sub(r'(CONF/\S+?).tmp:', r'\1 for reading:', line) for line in self.messages(side[2])
                  if line.startswith(('fatal', 'usage'))] for side in (theirs, ours)]
        in_file = [bool(re.search(r'fatal: .*\bCONF/', side[2])) for side in (theirs, ours)]
        several = self.settings > 1 or all(in_file)  # mistakes, of which either may be found first
        return bool(fatal[0] and fatal[1]) and (several or fatal[0] == fatal[1] or in_file[0] != in_file[1]) and (
            theirs[:2] == ours[:2] == (1, '') and ours[3] == self.before)

    def is_new(self, theirs, _):
        """Postfix has no such form: a verb or an option that it lacks, a pattern within a component, a value with blanks, an
        edit with another verb behind it."""
        return theirs[0] == 1 and (NEW.search(theirs[2]) or self.has_glob and 'requires service_name' in theirs[2])

    def is_refused(self, theirs, ours):
        """Ours makes no file that it cannot read; Postfix does, or crashes. Nor does it close braces by itself."""
        if all(re.search("(missing|after) '}'", side[2]) for side in (theirs, ours)) and ours[0] == 1:
            return ours[3] == self.before
        comment = 'invalid service field "#' in ours[2]  # an entry that would be a comment
        return theirs[0] <= 0 and ours[0] == 1 and ours[3] == self.before and theirs[3] != self.before and (
            theirs[0] < 0 or comment or not self.is_readable())

    def is_readable(self):
        """Whether ours can read what Postfix has left."""
        directory = self.ours.directory + '-reads'
        shutil.rmtree(directory, ignore_errors=True)
        return Side(OURS, self.postfix.environment, directory, self.theirs.files()).run(['-M'])[0] == 0

    def lacks_newline(self):
        return any(text and not text.endswith('\n') for text in self.before.values())

    def with_newline(self, arguments):
        """What Postfix does once the newline is there that it would need."""
        self.theirs.write({name: text + '\n' * (text != '' and not text.endswith('\n')) for name, text in self.before.items()})
        return self.theirs.run(arguments)

    def diff(self, theirs, ours, ending=''):
        sides = [['exit status %d' % status] + self.plain(out) + self.messages(err) + self.plain_files(files, ending)
                 for status, out, err, files in (theirs, ours)]
        return '\n'.join(list(difflib.unified_diff(*sides, 'Postfix', 'Postern', n=0, lineterm=''))[2:])

    def plain(self, out):
        """Without the parameters that are listed, and with -x without those that are made of these."""
        away = LISTED | (self.postfix.follow if self.expands else set())
        out = re.sub(r'/postconf \d+ &', '/postconf $process_id &', out)  # a debugger_command
        for ours, theirs in self.postfix.places if self.expands else ():
            out = out.replace(ours, theirs)
        return [line for line in out.split('\n') if line.split(' =')[0] not in away]

    @staticmethod
    def plain_message(line):
        line = re.sub(r'[^ -~]', '?', INVALID.sub(r'\1', BROKEN.sub(r'fatal: \1', line)))
        return QUOTED.sub('"', line)[:LONGEST]

    def messages(self, err):
        """Postfix gives warnings in the order of a hash table, and its own usage text. What -v adds does not matter."""
        if USAGE.search(err):
            return ['usage']
        lines = {self.plain_message(re.sub(r'^\S*postconf: ', '', line)) for line in err.split('\n') if line}
        return sorted(line for line in lines if not self.verbose or line.startswith(('fatal: ', 'warning: ')))

    def plain_files(self, files, ending):
        """Postfix leaves its temporary file when it fails, and appends several new names in any order: the last lines, as
        many as there may be new ones, are sorted. Lines that end in CR and LF stay so in ours."""
        lines = []
        for name, text in files.items():
            if name.endswith('.tmp'):
                continue
            before = self.before.get(name, '')
            text = text.replace('\r\n', '\n') if '\r\n' in before else text
            text += ending * (not text.endswith('\n'))
            new = text.split('\n')
            old = max(len(new) - self.settings - 1, 0)
            new = new[:old] + (sorted(new[old:]) if name == 'main.cf' else new[old:])
            lines += ['%s: %s' % (name, line) for line in new]
        return lines


class Sequence(Case):
    """Files and edits that follow from a seed, one edit after the other, up to the first that differs."""

    def __init__(self, postfix, directory, seed):
        chance = random_cases.Chance(seed)
        texts = {'main.cf': chance.main(), 'master.cf': chance.master()}
        self.name = 'seed %d, main.cf %a, master.cf %a' % (seed, *texts.values())
        self.begin(postfix, directory, texts)
        for _ in range(STEPS):
            arguments = chance.arguments()
            self.name += ': postconf ' + ' '.join(map(ascii, arguments))
            self.difference = self.compare(arguments)
            if self.difference:
                break
            if self.theirs.files() != self.ours.files():  # as listed
                self.theirs.write(self.ours.files())
        shutil.rmtree(directory)
