"""The two systems that play the table: each has a service for every group of cases, on a port of its own."""
import os
import socket

import fake_dns
import peers
import postern
import screen_play
from ports import free_port

DOMAIN = 'sandbox.test'
COMMON = {'compatibility_level': '3.6', 'myhostname': 'mail.test', 'smtpd_banner': '$myhostname ESMTP',
          'mynetworks': '192.0.2.0/24', 'inet_interfaces': 'all', 'inet_protocols': 'all', 'smtpd_peername_lookup': 'no',
          'postscreen_greet_wait': '2s', 'smtpd_relay_restrictions': 'reject_unauth_destination',
          'smtputf8_enable': 'yes', 'smtpd_client_connection_count_limit': '50',
          'smtpd_client_connection_rate_limit': '0'}
OURS_ALONE = 'screen_'


def free_ports(count):
    return [free_port() for _ in range(count)]


def option(name, value):
    return f'  -o {{ {name} = {value} }}\n'


def address_of(service):
    return {'six': '::1', 'veto': '127.0.0.2'}.get(service, '127.0.0.1')


class System:
    """What both have: the lines of master.cf, the log, what a case may do."""
    letter, chroot, is_ours = '', 'n', False

    def __init__(self, groups, tables):
        self.groups = {name: group for name, group in groups.items() if self.is_ours or not group.is_ours}
        self.tables = tables  # the directory of the files that settings name as TABLES
        self.ports = dict(zip(self.groups, free_ports(len(self.groups))))
        self.stuck = []

    def endpoint(self, service):
        return address_of(service), self.ports[service]

    def main_cf(self):
        return {**COMMON, 'smtpd_tls_cert_file': self.tables + '/mail.pem', 'smtpd_tls_key_file': self.tables + '/mail.pem'}

    def master_cf(self):
        text = f'smtpd pass - - {self.chroot} - - smtpd\n'
        if not self.is_ours:
            text += 'dnsblog unix - - n - 0 dnsblog\nproxywrite unix - - n - 1 proxymap\n'
            text += 'tlsproxy unix - - n - 0 tlsproxy -o smtpd_tls_security_level=may\n'
        for name, group in self.groups.items():
            where = address_of(name)
            text += f'[{where}]' if ':' in where else where
            text += f':{self.ports[name]} inet n - {self.chroot} - 1 postscreen\n'
            settings = {'postscreen_cache_map': f'btree:$data_directory/{name}', **group.settings}
            for key, value in settings.items():
                if self.is_ours or not key.startswith(OURS_ALONE):
                    text += option(key, value.replace('TABLES', self.tables))
        return text

    def stick(self, name):
        """A service that takes connections and nothing else."""
        listener = socket.socket(socket.AF_UNIX)
        path = os.path.join(self.queue, 'private', name)
        listener.bind(path)
        os.chmod(path, 0o777)
        listener.listen(64)
        self.stuck.append(listener)

    def close(self):
        for one in self.stuck:
            one.close()


class Debian(System):
    """Postfix. Its resolver has a name server of ours, in a mount namespace of its own."""
    letter = 'p'

    def __init__(self, root, groups, tables, dns):
        super().__init__(groups, tables)
        # It starts a process for each question to a DNS list: that takes time.
        settings = {**self.main_cf(), 'postscreen_greet_wait': '4s', 'relay_domains': DOMAIN, 'transport_maps': 'static:discard:',
                    'proxy_write_maps': 'proxy:btree:$data_directory/shared'}
        self.peer = peers.Postfix(root, free_port(), settings, self.master_cf(), fake_dns.behind(dns.host, []))
        self.log, self.queue = screen_play.Log(self.peer.log), self.peer.path('queue')

    def close(self):
        super().close()
        self.peer.close()


class Ours(System):
    letter, is_ours = 'o', True

    def __init__(self, groups, tables, dns):
        super().__init__(groups, tables)
        self.chroot = 'y' if postern.IS_ROOT else 'n'
        self.box = postern.Sandbox(settings={**self.main_cf(), 'dns_servers': dns.server})
        self.box.append('master.cf', self.master_cf())
        self.box.reload()
        self.log, self.queue = screen_play.Log(self.box.facts['log']), self.box.facts['queue_directory']

    def close(self):
        super().close()
        self.box.close()
