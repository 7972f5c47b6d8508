"""scripts/check_layers: an include only goes down."""
import os
import subprocess
import sys
import tempfile
import unittest

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'scripts', 'check_layers')

# A file, one include line of it, and whether it may stand there.
LINES = [
    ('lib/base/fd.cpp', '"lib/base/fd.h"', True),
    ('lib/base/fd.cpp', '"lib/mail/address.h"', False),
    ('lib/base/fd.cpp', '"fd.h"', False),
    ('lib/base/fd.cpp', '"../base/fd.h"', False),
    ('lib/mail/address.h', '"lib/base/text.h"', True),
    ('lib/mail/address.h', '"lib/config/value.h"', False),
    ('lib/mail/address.h', '"lib/net/loop.h"', False),
    ('lib/config/value.h', '"lib/net/loop.h"', False),
    ('lib/net/loop.h', '<event2/event.h>', True),
    ('lib/net/loop.h', '"lib/mail/address.h"', False),
    ('lib/wire/command.h', '"lib/mail/address.h"', True),
    ('lib/wire/command.h', '"lib/net/stream.h"', False),
    ('lib/wire/command.h', '"lib/ipc/frame.h"', False),
    ('lib/ipc/frame.h', '"lib/net/stream.h"', True),
    ('lib/ipc/frame.h', '<event2/event_struct.h>', False),
    ('lib/table/cidr.h', '"lib/config/value.h"', True),
    ('lib/table/cidr.h', '"lib/daemon/service.h"', False),
    ('lib/daemon/jail.h', '"lib/table/cidr.h"', True),
    ('lib/daemon/jail.h', '  "master/child.h"', False),
    ('lib/daemon/jail.h', '"lib/control/reload.h"', False),
    ('lib/control/reload.h', '"lib/daemon/scoreboard.h"', True),
    ('lib/control/reload.h', '"lib/net/loop.h"', False),
    ('lib/control/reload.h', '"commands/postern/status.h"', False),
    ('postconf/run.cpp', '"lib/control/reload.h"', True),
    ('lib/check/check.h', '"lib/table/cidr.h"', True),
    ('lib/check/check.h', '"lib/daemon/jail.h"', True),
    ('lib/daemon/jail.h', '"lib/check/check.h"', False),
    ('lib/check/check.cpp', '"postconf/usage.h"', False),
    ('postconf/main.cpp', '"lib/check/check.h"', True),
    ('smtpd/main.cpp', '"lib/daemon/service.h"', True),
    ('smtpd/main.cpp', '"smtpd/session.h"', True),
    ('smtpd/verbs/rcpt.cpp', '"smtpd/session.h"', True),
    ('smtpd/main.cpp', '"smtp/session.h"', False),
    ('smtpd/main.cpp', '"tests/fixture.h"', False),
    ('smtpd/main.cpp', '<event2/event.h>', False),
    ('master/main.cpp', '"smtpd/session.h"', False),
    ('queue/qmgr/store.cpp', '"queue/qmgr/store.h"', True),
    ('queue/qmgr/store.cpp', '"queue/cleanup/header.h"', False),
    ('queue/qmgr/store.cpp', '"queue/common.h"', False),
    ('deliver/local/main.cpp', '"deliver/virtual/mailbox.h"', False),
    ('deliver/local/main.cpp', '"lib/mail/address.h"', True),
    ('support/anvil/main.cpp', '"support/verify/probe.h"', False),
    ('postconf/main.cpp', '"commands/postern.h"', False),
    ('tests/lib/base/fd_test.cpp', '<event2/event.h>', True),
]


def check(lines):
    """Runs the script over a tree of the given (path, include) pairs; the paths:lines that it refuses."""
    with tempfile.TemporaryDirectory() as root:
        for number, (path, include, _) in enumerate(lines):
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, 'a', encoding='utf-8') as file:
                file.write(f'#include {include}\n')
        run = subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True, check=False)
        return run, {(path, include.strip('"<> ')) for path, include, _ in lines
                     if f': {include.strip(chr(34) + "<> ")}: ' in
                     ''.join(x for x in run.stdout.splitlines(True) if x.startswith(path + ':'))}


class CheckLayers(unittest.TestCase):
    def test_includes_only_go_down(self):
        run, refused = check(LINES)
        self.assertEqual(run.stderr, '')
        self.assertEqual(refused, {(p, i.strip('"<> ')) for p, i, good in LINES if not good})
        self.assertEqual(run.returncode, 1)

    def test_a_good_tree_passes(self):
        run, refused = check([line for line in LINES if line[2]])
        self.assertEqual((refused, run.stdout, run.returncode), (set(), '', 0))

    def test_an_empty_tree_is_an_error(self):
        with tempfile.TemporaryDirectory() as root:
            self.assertEqual(subprocess.run([sys.executable, SCRIPT, root], check=False).returncode, 1)


if __name__ == '__main__':
    unittest.main()
