"""Everything that clients of screen may do: each case of the table (screen_table.py) is played against ours and, where it can
be had, against Debian's postscreen; what they hear and what is logged about them must be what the table says."""
import os
import subprocess
import tempfile
import unittest

import peers
import postern
import screen_play
import screen_systems
from screen_table import GROUPS

NAME_SERVER = '127.53.0.1'


class Case:
    def __init__(self, service, text):
        self.service, self.text = service, text


def players_of(system):
    found = []
    for service, group in GROUPS.items():
        for name, text in group.cases.items():
            number = 4 * (len(found) + 1)
            block = [f'127.20.{number // 256}.{number % 256 + n}' for n in range(4)]
            found.append(screen_play.Player(system, f'{service}/{name}', Case(service, text), block))
    return found


class Table(unittest.TestCase):
    def setUp(self):
        self.tables = tempfile.mkdtemp(prefix='postern-screen-')
        os.chmod(self.tables, 0o755)
        self.addCleanup(postern.shutil.rmtree, self.tables)

    def check(self, system):
        self.addCleanup(system.close)
        players = players_of(system)
        screen_play.play(players)
        screen_play.wait_logs(players)
        for one in players:
            with self.subTest(case=one.name):
                self.assertIsNone(one.problem, f'log: {one.logged()}')
                self.assertEqual(one.logged(), one.expected)

    def test_debian(self):
        self.check(screen_systems.Debian(peers.postfix_root(), GROUPS, self.tables, NAME_SERVER))

    def test_ours(self):
        self.check(screen_systems.Ours(GROUPS, self.tables, NAME_SERVER))


if __name__ == '__main__':
    unittest.main()
