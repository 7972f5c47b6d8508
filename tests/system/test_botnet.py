"""A small botnet, with legitimate senders from pools of addresses in it, calls at screen: the one is kept from the servers,
the others are not. bench/botnet/README.md says who they are."""
import json
import os
import re
import subprocess
import unittest

from ports import free_port
from postern import BUILD, LIMIT, Sandbox

BOTS = 300
LEGITIMATE = ('postfix', 'gmail', 'outlook')
SETTINGS = {'postscreen_greet_wait': '2s', 'postscreen_greet_action': 'enforce', 'postscreen_dnsbl_sites': 'zen.test',
            'postscreen_dnsbl_action': 'enforce', 'postscreen_pipelining_enable': 'yes',
            'postscreen_non_smtp_command_enable': 'yes', 'postscreen_bare_newline_enable': 'yes',
            'postscreen_bare_newline_action': 'enforce', 'postscreen_command_time_limit': '2s',
            'postscreen_pre_queue_limit': '1000', 'smtpd_peername_lookup': 'no'}
# What may become of the bots of each kind, beside leaving.
FATES = {'eager': {'550'}, 'tempted': {'550'}, 'web': {'521'}, 'pipeliner': {'550'}, 'trickler': {'421'},
         'leaves_early': {'left'}, 'leaves_late': {'left'}, 'listed': {'550'}, 'bare_newline': {'550'}, 'babbler': {'521'}}


class Botnet(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        simulator = os.path.join(BUILD, 'bench', 'bench_botnet')
        port = free_port()
        dns = subprocess.Popen([simulator, 'dns', '127.0.0.1', str(port)])
        cls.addClassCleanup(dns.wait, LIMIT)
        cls.addClassCleanup(dns.terminate)
        with Sandbox('--screen', settings={**SETTINGS, 'dns_servers': f'127.0.0.1:{port}'}) as sandbox:
            done = subprocess.run([simulator, 'run', f'port={sandbox.port}', f'bots={BOTS}',
                                   'percent=10', 'rate=600', 'greet_ms=2000', 'retry_ms=500', 'seed=7'],
                                  capture_output=True, timeout=2 * LIMIT, check=True)
            cls.seen = json.loads(done.stdout)['kinds']
            cls.log = sandbox.log()

    def test_no_legitimate_sender_is_refused_and_all_are_served_in_their_first_connection(self):
        for kind in LEGITIMATE:
            with self.subTest(kind):
                seen = self.seen[kind]
                self.assertGreater(seen['messages'], 5)
                self.assertEqual(seen['outcomes'], {'accepted': seen['messages']})
                self.assertEqual(seen['in_first_connection'], seen['messages'])

    def test_each_kind_of_bot_meets_its_fate(self):
        for kind, fates in FATES.items():
            with self.subTest(kind):
                self.assertGreater(self.seen[kind]['connections'], 0)
                self.assertEqual(set(self.seen[kind]['outcomes']), fates)

    def test_servers_see_the_good_alone(self):
        callers = re.findall(r'postfix/smtpd\[\d+\]: connect from \S+\[127\.(\d+)\.', self.log)
        self.assertEqual(set(callers), {'200', '201', '202'})


if __name__ == '__main__':
    unittest.main()
