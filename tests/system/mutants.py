"""A master.cf of many kinds of entries, the same with one byte changed, and what listens when such a file is in force:
read here in a few lines of its own, so that a mistake of master's reader is seen."""
import os
import random
import re
import socket

import postern

# Each service of a stock file: type, fields, command. Programs that are not part of this build are not started.
STOCK = '''pickup unix n - y 60 1 pickup
cleanup unix n - y - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - y 1000? 1 tlsmgr
rewrite unix - - y - - trivial-rewrite
bounce unix - - y - 0 bounce
flush unix n - y 1000? 0 flush
proxywrite unix - - n - 1 proxymap
smtp unix - - y - - smtp
relay unix - - y - - smtp
  -o syslog_name=postfix/$service_name
local unix - n n - - local
virtual unix - n n - - virtual
# in between
discard unix - - y - - discard
another unix - - n 3600? 7 discard -v -o { syslog_name = a b }
   -o max_use=12
   # inside
   -omax_idle=20s
postlog unix-dgram n - n - 1 postlogd
maildrop unix - n n - - pipe
  flags=DRXhu user=vmail argv=/usr/bin/maildrop -d ${recipient}
'''
FOLDED = (b'trivial-rewrite', b'proxymap', b'proxywrite', b'scache', b'tlsmgr', b'tlsproxy', b'dnsblog')
KNOWN = (b'anvil bounce cleanup discard error flush lmtp local nqmgr oqmgr pickup pipe postlogd postscreen qmgr qmqpd showq '
         b'smtp smtpd spawn verify virtual').split()
CLASSES = ('service', 'type', 'private', 'unprivileged', 'chroot', 'wakeup', 'limit', 'command', 'argument', 'blank', 'newline',
           'indent', 'comment')
BYTES = b'  \t\n\r\v#{}[]:*-?$=/.,yn01259aoxv"\\\x00\x01\x7f\x80\xff\xa0;!+%'


def base(host, port):
    return (f'# services\n{host}:{port} inet n - y - - smtpd\n{host}:{port + 1} inet n - n - 20 smtpd\n'
            f'  -o syslog_name=postern/submission\n  -o smtpd_timeout=300s\n' + STOCK).encode()


def classes_of(text):
    """For each byte the class of its place."""
    found, field, begins, in_word = [], 0, True, False
    line = b''
    for i, byte in enumerate(text):
        char = text[i:i + 1]
        if begins:
            line = text[i:text.find(b'\n', i)]
            if not line[:1].isspace() and not line.startswith(b'#'):
                field, in_word = 0, False
            begins = False
        if char == b'\n':
            found.append('newline')
            begins, in_word = True, False
        elif line.lstrip().startswith(b'#'):
            found.append('comment')
        elif byte in b' \t':
            field += in_word
            in_word = False
            found.append('indent' if line[:1].isspace() and len(found) and found[-1] in ('newline', 'indent') else 'blank')
        else:
            in_word = True
            found.append(CLASSES[min(field, 8)])
    return found


class Mutants:
    """An endless row of texts; the same for one seed."""

    def __init__(self, text, seed):
        self.text, self.random, self.number = text, random.Random(seed), 0
        self.places = {}
        for at, name in enumerate(classes_of(text)):
            self.places.setdefault(name, []).append(at)
        assert set(self.places) == set(CLASSES), set(CLASSES) ^ set(self.places)

    def __next__(self):
        """What was done, and the text."""
        name = CLASSES[self.number % len(CLASSES)]
        way = ('replace', 'insert', 'delete')[self.number // len(CLASSES) % 3]
        self.number += 1
        at = self.random.choice(self.places[name])
        byte = bytes([self.random.choice(BYTES) if self.random.random() < 0.8 else self.random.randrange(256)])
        new = {'replace': byte, 'insert': byte + self.text[at:at + 1], 'delete': b''}[way]
        line = self.text.count(b'\n', 0, at) + 1
        return f'{way} byte {at} ({name}, line {line}), {new!r}', self.text[:at] + new + self.text[at + 1:]


def entries(text):
    """The words of each logical line: seven fields, the command, arguments."""
    logical = []
    for line in text.split(b'\n'):
        if not line.strip() or line.strip().startswith(b'#'):
            continue
        if line[:1].isspace() and logical:
            logical[-1] += b' ' + line
        else:
            logical.append(line)
    return [line.split(None, 7) for line in logical]


def program_of(command):
    found = re.match(rb'\{([^}]*)\}|(\S+)', command)
    return (found[2] if found[1] is None else found[1].strip()) if found else b''


def is_started(program):
    if program in FOLDED:
        return False
    path = os.path.join(os.fsencode(postern.BUILD), b'libexec', program)
    return os.path.exists(path) or program not in KNOWN


def in_numbers(name):
    """127.1:025 is 127.0.0.1:25, for master as for everybody."""
    host, port = name.replace('[', '').replace(']', '').rsplit(':', 1)
    return f'{socket.inet_ntoa(socket.inet_aton(host))}:{int(port)}'


def expected(text):
    """What listens when master has taken the text: {'private/x', '127.0.0.1:25'}."""
    in_force = {(words[0], words[1]): words for words in entries(text)}
    found = set()
    for name, kind, private, *_, command in in_force.values():
        if not is_started(program_of(command)):
            continue
        if kind == b'inet':
            found.add(in_numbers(name.decode()))
        else:
            found.add(('public/' if private == b'n' else 'private/') + name.decode())
    return found
