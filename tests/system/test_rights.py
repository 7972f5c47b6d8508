"""What each process of a running system is, and may do: /proc against the promises of docs/processes.md."""
import collections
import json
import os
import pwd
import re
import socket
import unittest

import postern

# Of master.cf: the programs that act for users, and stay root.
FOR_USERS = {'local', 'virtual'}
# capabilities(7): chown, dac_override, fowner, setgid, setuid.
KEPT = 0b11001011
SERVICES = ['pickup', 'cleanup', 'qmgr', 'bounce', 'virtual', 'local', 'discard']
# What a process may hold open besides the descriptors with a number of their own. The files of qmgr are its queue.
LOOP = [r'anon_inode:\[eventpoll\]', r'anon_inode:\[eventfd\]', r'anon_inode:\[timerfd\]', r'pipe:\[\d+\]']
FILES = {'qmgr': [r'{queue}/queue/queue\.db(-wal|-shm)?', r'{queue}/spool', r'{queue}/spool/[^/]+'],
         'virtual': [r'{queue}/../mail/(tmp|new)'],
         'local': [r'anon_inode:\[pidfd\]'], 'pipe': [r'anon_inode:\[pidfd\]']}


def status_of(pid):
    """The fields of /proc/PID/status."""
    with open(f'/proc/{pid}/status', encoding='latin1') as file:
        return dict(line.rstrip('\n').split(':\t', 1) for line in file if ':\t' in line)


Socket = collections.namedtuple('Socket', 'kind listens path')


def sockets_of(pid):
    """The sockets that its network name space knows: inode to kind, whether it listens, and its path."""
    found = {}
    with open(f'/proc/{pid}/net/unix', encoding='latin1') as file:
        for line in list(file)[1:]:
            words = line.split()
            kind = {'0001': 'stream', '0002': 'datagram', '0005': 'seqpacket'}[words[4]]
            found[words[6]] = Socket(kind, int(words[3], 16) & 0x10000 != 0, ' '.join(words[7:]))
    for name in ('tcp', 'tcp6'):
        with open(f'/proc/{pid}/net/{name}', encoding='latin1') as file:
            for line in list(file)[1:]:
                words = line.split()
                found[words[9]] = Socket('tcp', words[3] == '0A', '')
    return found


def descriptors_of(pid):
    """Number to what it leads to."""
    found = {}
    for name in os.listdir(f'/proc/{pid}/fd'):
        try:
            found[int(name)] = os.readlink(f'/proc/{pid}/fd/{name}')
        except FileNotFoundError:
            pass  # closed between the two
    return found


def flags_of(pid, number):
    try:
        with open(f'/proc/{pid}/fdinfo/{number}', encoding='latin1') as file:
            return int(re.search(r'^flags:\s+(\d+)$', file.read(), re.M)[1], 8)
    except FileNotFoundError:
        return os.O_CLOEXEC  # closed meanwhile


def is_close_on_exec(pid, number):
    return flags_of(pid, number) & os.O_CLOEXEC != 0


def is_bare(pid, number):
    """True for a descriptor of a file that tells only whether it has changed."""
    return flags_of(pid, number) & os.O_PATH != 0


class System(postern.Sandbox):
    """A sandbox in which every program has a process, all with the same value in the chroot field."""

    def __init__(self, chroot, jail, rootless):
        super().__init__(settings={'daemon_jail': jail}, rootless=rootless)
        self.connections = []
        try:
            self.queue = os.path.join(self.directory, 'queue')
            self.rewrite(chroot)
            # Mailboxes are outside of a changed root. Where they are not, each process has had something to do.
            if rootless or chroot == 'n':
                self.send()
                self.wait_mail()
            self.connect()
        except BaseException:
            self.close()
            raise

    def rewrite(self, chroot):
        with open(self.path('master.cf'), encoding='utf-8') as file:
            lines = [re.sub(r'^(\S+ \S+ \S+ \S+) [yn] ', rf'\1 {chroot} ', line) for line in file]
        with open(self.path('master.cf'), 'w', encoding='utf-8') as file:
            file.writelines(lines)
        status, _, errors = self.run('reload')
        assert status == 0, errors

    def connect(self):
        """A client for each service: it gets a process, which stays as long as the client does."""
        self.connections.append(socket.create_connection(('127.0.0.1', self.port), postern.LIMIT))
        for name in SERVICES:
            folder = 'public' if name in ('pickup', 'cleanup', 'qmgr') else 'private'
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(postern.LIMIT)
            client.connect(os.path.join(self.queue, folder, name))
            self.connections.append(client)

    def rows(self):
        """The processes that serve, and are not about to leave: program to what the status says of the process."""
        status, output, errors = self.run('status', '--json')
        assert status == 0, errors
        found = {}
        for service in json.loads(output)['services']:
            for process in service['processes']:
                ready = process['state'] in ('available', 'busy') and 'connections' in process['values']
                if ready:
                    found[service['program']] = process
        return found

    def all_rows(self):
        """The same, once there is one of each program."""
        programs = {'smtpd', *SERVICES}
        def complete():
            rows = self.rows()
            return rows if set(rows) == programs else None
        return postern.wait_for(complete, f'a process of each of {sorted(programs)}')

    def close(self):
        for client in self.connections:
            client.close()
        return super().close()


class Rights(unittest.TestCase):
    def walk(self, chroot, jail, rootless):
        with self.subTest(chroot=chroot, jail=jail, rootless=rootless), System(chroot, jail, rootless) as system:
            for program, row in system.all_rows().items():
                with self.subTest(chroot=chroot, jail=jail, rootless=rootless, program=program):
                    self.check(system, program, row, (chroot, jail, rootless))

    def check(self, system, program, row, how):
        chroot, jail, rootless = how
        root = postern.IS_ROOT and not rootless
        status = status_of(row['pid'])
        self.check_user(system, program, status, root)
        self.check_capabilities(program, status, root, jail == 'yes')
        self.assertEqual(status['NoNewPrivs'], '1' if jail == 'yes' else '0')
        self.assertEqual(status['Seccomp'], '2' if jail == 'yes' else '0')
        self.assertEqual(os.readlink(f'/proc/{row["pid"]}/root'), system.queue if root and chroot == 'y' else '/')
        self.assertEqual(os.readlink(f'/proc/{row["pid"]}/cwd'), system.queue)
        self.check_descriptors(system, program, row['pid'])
        self.check_report(row['values'], status, root and chroot == 'y')

    def check_user(self, system, program, status, root):
        if root and program in FOR_USERS:
            user, group, groups = 0, 0, None
        elif root:
            owner = self.owner(system)
            user, group, groups = owner.pw_uid, owner.pw_gid, os.getgrouplist(owner.pw_name, owner.pw_gid)
        else:
            user, group = (65534, 65534) if postern.IS_ROOT else (os.geteuid(), os.getegid())
            groups = [] if postern.IS_ROOT else os.getgroups()
        self.assertEqual(status['Uid'].split(), [str(user)] * 4)
        self.assertEqual(status['Gid'].split(), [str(group)] * 4)
        if groups is not None:
            self.assertEqual(sorted(map(int, status['Groups'].split())), sorted(groups))

    @staticmethod
    def owner(system):
        with open(system.path('main.cf'), encoding='utf-8') as file:
            return pwd.getpwnam(re.search(r'^mail_owner = (\S+)$', file.read(), re.M)[1])

    def check_capabilities(self, program, status, root, jail):
        sets = {name: int(status[name], 16) for name in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb')}
        if root and program in FOR_USERS and not jail:
            self.assertEqual(sets['CapEff'] & KEPT, KEPT)
            return
        kept = KEPT if root and program in FOR_USERS else 0
        self.assertEqual((sets['CapEff'], sets['CapPrm'], sets['CapAmb']), (kept, kept, 0))
        if jail:
            self.assertEqual(sets['CapInh'], 0)
        if jail and root:
            self.assertEqual(sets['CapBnd'], kept)

    def check_descriptors(self, system, program, pid):
        found, sockets = descriptors_of(pid), sockets_of(pid)
        allowed = LOOP + [self.pattern(p, system) for p in FILES.get(program, [])]
        for number in (0, 1):
            self.assertEqual(found.pop(number), '/dev/null')
        self.assertRegex(found.pop(2, ''), r'^pipe:\[\d+\]$')
        for number in found:
            self.assertTrue(is_close_on_exec(pid, number), f'{number}, {found[number]}, would be inherited')
        self.assertEqual(found.pop(3), system.facts['log'])
        inode = found.pop(5, '')
        self.assertEqual(self.socket(inode, sockets), Socket('seqpacket', False, ''), 'the status channel')
        self.check_listener(program, found.pop(6, ''), sockets)
        for number, path in sorted(found.items()):
            known = self.socket(path, sockets)
            if known:
                self.assertFalse(known.listens, f'{number} listens as well')
                self.assertNotEqual(known.kind, 'seqpacket', f'{number} is a status channel of somebody else')
                self.assertRegex(known.path, rf'^((public|private)/{program})?$', f'{number} is of another service')
            elif not path.startswith('socket:') and not is_bare(pid, number):
                self.assertTrue(any(re.fullmatch(p, path) for p in allowed), f'{number} leads to {path}')

    @staticmethod
    def pattern(path, system):
        return path.replace('{queue}/..', re.escape(system.directory)).replace('{queue}', re.escape(system.queue))

    @staticmethod
    def socket(path, sockets):
        inode = re.fullmatch(r'socket:\[(\d+)\]', path)
        return sockets.get(inode[1]) if inode else None

    def check_listener(self, program, path, sockets):
        known = self.socket(path, sockets)
        self.assertIsNotNone(known, f'6 leads to {path}')
        self.assertTrue(known.listens)
        if program == 'smtpd':
            self.assertEqual(known.kind, 'tcp')
        else:
            self.assertEqual(known.kind, 'stream')
            self.assertRegex(known.path, rf'^(public|private)/{program}$')

    def check_report(self, values, status, chroot):
        """What the process says of itself is what the kernel says."""
        self.assertEqual(values['jail_root'], int(chroot))
        self.assertEqual(values['jail_uid'], int(status['Uid'].split()[1]))
        self.assertEqual(values['jail_no_new_privs'], int(status['NoNewPrivs']))
        self.assertEqual(values['jail_calls'], int(status['Seccomp'] == '2'))
        self.assertEqual(values['jail_capabilities'], int(status['CapEff'], 16))
        self.assertLessEqual(values['jail_landlock'] > 0, status['NoNewPrivs'] == '1')

    def test_as_root(self):
        if not postern.IS_ROOT:
            self.skipTest('needs root')
        for chroot in ('y', 'n'):
            for jail in ('yes', 'no'):
                self.walk(chroot, jail, rootless=False)

    def test_rootless(self):
        for chroot in ('y', 'n'):
            for jail in ('yes', 'no'):
                self.walk(chroot, jail, rootless=True)


if __name__ == '__main__':
    unittest.main()
