"""What the whole may cost: memory for large mail and for idle sessions. Needs the machine for itself."""
import os
import resource
import time
import unittest

import postern

MEBIBYTE = 1 << 20
SESSIONS = 2000
MOST_PROCESS = 64 * 1024    # KiB, whatever the message's size
MOST_SESSION = 12           # KiB of all processes
MOST_GREETING = 0.1         # seconds


class LargeMail(unittest.TestCase):
    def test_100_mebibytes_go_through_in_little_memory(self):
        settings = {'message_size_limit': 200 * MEBIBYTE}
        with postern.Sandbox(settings=settings) as sandbox, sandbox.session() as session:
            session.begin()
            session.send(postern.letter(subject='large', body=b''))
            block = (b'0123456789' * 7 + b'\r\n') * 1000
            blocks = 100 * MEBIBYTE // len(block) + 1
            for _ in range(blocks):
                session.send(block)
            session.send(b'.\r\n')
            self.assertRegex(session.reply(), '^250 ')
            postern.wait_for(sandbox.mail, 'the letter')
            postern.wait_for(sandbox.queue_is_empty, 'an empty queue')
            path, = sandbox.mail()
            self.same_blocks(path, block.replace(b'\r\n', b'\n'), blocks)
            peaks = {f'{postern.program_of(p)}[{p}]': postern.memory_of(p, 'VmHWM')
                     for p in [sandbox.master] + sandbox.processes()}
            print('peaks in KiB:', peaks)
            self.assertGreater(len(peaks), 4)
            self.assertLess(max(peaks.values()), MOST_PROCESS)

    def same_blocks(self, path, block, count):
        with open(path, 'rb') as file:
            while file.readline() != b'\n':
                pass
            for _ in range(count):
                self.assertTrue(file.read(len(block)) == block, 'the content differs')
            self.assertEqual(file.read(), b'')


class IdleSessions(unittest.TestCase):
    def setUp(self):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most < SESSIONS + 100:
            self.skipTest(f'this process may have {most} descriptors only')
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    @staticmethod
    def memory(sandbox):
        return sum(postern.memory_of(p, 'Pss') for p in [sandbox.master] + sandbox.processes())

    def test_2000_idle_sessions_are_cheap_and_nobody_waits_for_them(self):
        settings = {'smtpd_client_connection_count_limit': 0}
        with postern.Sandbox(settings=settings) as sandbox:
            with sandbox.session():
                before = self.memory(sandbox)
            sessions = [sandbox.session() for _ in range(SESSIONS)]
            try:
                each = (self.memory(sandbox) - before) / SESSIONS
                began = time.monotonic()
                with sandbox.session(helo=None) as one_more:
                    took = time.monotonic() - began
                    self.assertRegex(one_more.greeting, '^220 ')
                print(f'{each:.1f} KiB a session, greeting after {took * 1000:.1f} ms, '
                      f'{len(sandbox.processes("smtpd"))} processes')
                self.assertLess(each, MOST_SESSION)
                self.assertLess(took, MOST_GREETING)
                self.assertRegex(sessions[0].command('NOOP'), '^250 ')
            finally:
                for session in sessions:
                    session.close()


class Start(unittest.TestCase):
    def test_a_sandbox_is_ready_within_300_ms(self):
        times = []
        for _ in range(5):
            began = time.monotonic()
            with postern.Sandbox() as sandbox:
                times.append((time.monotonic() - began) * 1000)
                self.assertLessEqual(sandbox.facts['ready_ms'], times[-1])
                with sandbox.session() as session:
                    self.assertRegex(session.greeting, '^220 ')
        print('ready after', [round(t) for t in times], 'ms')
        self.assertLess(sorted(times)[2], 300)


if __name__ == '__main__':
    unittest.main()
