"""Configurations and argument lists at random, for the differential test of postconf. What follows from a seed stays
the same. Left out is what docs/postconf-differences.md lists and a comparison cannot see through: a self-reference
that is certain, -o without a blank, options with a value that -P does not know, classes of restrictions that are made of
$names, words in braces directly behind a command."""
import random

NAMES = ['biff', 'relayhost', 'myorigin', 'mydestination', 'x', 'yy', 'smtp_bind_address', 'virtual_maps',
         'content_filter', 'proxy_interfaces', 'relay_domains', 'alpha', 'default_rbl_reply',
         'smtpd_recipient_restrictions', 'transport_maps', 'virtual_alias_maps', 'q_server_host', 'q_bogus', 'maildrop_time_limit',
         'a_destination_concurrency_limit', 'smtpd_banner', 'syslog_name', 'process_name', 'name_1', 'Name.2']
SERVICE_NAMES = [name for name in NAMES if not name.startswith('q_')]
WORDS = ['a', 'bb', 'no', 'yes', 'c,d', '=', '"', '#z', '[h]:25', '127.0.0.0/8', '[::1]/128', 'user@example.com', "it's",
         'a=b', '\\', '*', '!x', '(x)', '<>', 'hash:/etc/x', 'ldap:q', 'proxy:mysql:q', 'pcre:{{/a b/ c}}', 'ldap:/nowhere/q',
         'pipemap:{hash:a, ldap:q}', '{a b}', '{ c = d }', 'Grüße', '€', '\udce9', 'longer-words-that-need-folding', 'w' * 85,
         'permit', 'check_client_access', 'alpha', '3.6', '2', '10s']
REFERENCES = ['$x', '${yy}', '$(x)', '$myhostname', '$mydomain', '$service_name', '$nobody', '${x?y}', '${yy:z}', '${x?{1}:{2}}',
              '$$', '${name_1?$name_1}', '${{$x} == {a} ? {same} : {other}}', '${{1} < {2} ?{yes}}',
              '${{$compatibility_level} >=level {3.6} ? {new} : {old}}', '${nobody:{$x ${yy?b}}}']
SERVICES = ['smtp', 'a', 'b', 'submission', '127.0.0.1:25', '[::1]:10025', 'x-y', 'maildrop', 'alpha']
TYPES = ['inet', 'unix', 'unix', 'unix', 'fifo', 'pass', 'unix-dgram']
VALUES = ['1', '$x', 'a,b', '', 'yes', '$service_name', 'a=b', 'ldap:q', 'postfix/$service_name', '${x?y}', '[::1]:25', 'Grün', '#']
SETTINGS = [' -o %s=%s', ' -o { %s = %s }', ' -o {%s=%s q}', ' -vo %s=%s', '\n  -o %s=%s', '\n# c\n\t-o %s=%s', ' -o {%s={%s}}',
            '\n\t-o\n\t%s=%s', '\n\n  -o %s=%s', ' \t -o  %s=%s']
REST = [' flags=X user=y argv=/bin/z {a b}', ' -v', '\n  ${x} y', ' -D', ' -vv x', ' user=a argv={b c} d -o x=y',
        '\n   flags=DRhu user=vmail argv=/usr/bin/maildrop -d ${recipient} -f $sender ${user}@${nexthop} ${extension}',
        '\n#c\n # d\n  y']
BETWEEN = ['# c\n', '\n', '  # i\n', ' \n', '#\n', '\t\n', '#biff = no\n', '# Grüße\n']
FIELDS = {'private': 'yn-', 'unprivileged': 'yn-', 'chroot': 'yn-', 'wakeup': ['-', '0', '60', '60?', 'x', ''],
          'process_limit': ['-', '0', '1', '50', '5?'], 'service': ['smtp', 'new', '10.0.0.1:25', '127.0.0.1:25', 'a/b'],
          'type': ['inet', 'unix', 'pass', 'INET'],
          'command': ['foo -v -o a=b c', 'smtpd', 'pipe flags=X argv=/bin/a {b c}', 'smtp -o { x = y z }', 'smtp -vo x=$yy']}


class Chance(random.Random):
    """Makes files and argument lists from its seed."""

    def sometimes(self, share, value, otherwise=''):
        return value if self.random() < share else otherwise

    def word(self):
        return self.choice(WORDS if self.random() < .75 else REFERENCES)

    def words(self, least, most):
        return self.choice([' ', ' ', ' ', ', ', '  ', '\t']).join(self.word() for _ in range(self.randint(least, most)))

    def setting(self):
        text = self.choice(NAMES) + self.choice([' = ', '=', '\t= ', ' =', '  =  ']) + self.words(0, 5)
        text += self.choice(['', '', '', ' ', '\t']) + '\n'
        while self.random() < .3:
            text += self.choice(['  %s\n' % self.words(1, 1), '\t%s\n' % self.words(2, 4)] + BETWEEN)
        return text

    def finished(self, text):
        """Seldom without a final newline, or with the line ends of another system."""
        if self.random() < .06:
            text = text.rstrip('\n')
        return text.replace('\n', '\r\n') if self.random() < .02 else text

    def main(self):
        text = self.choice(['# head\n', '', '\n']) + 'compatibility_level = %s\n' % self.choice(['3.6', '3.6', '2', '3'])
        text += self.sometimes(.2, self.choice(['smtpd_restriction_classes = alpha\n', 'smtpd_restriction_classes=x,yy  alpha\n']))
        for _ in range(self.randint(0, 12)):
            text += self.choice(BETWEEN) if self.random() < .25 and text else self.setting()
        return self.finished(text + self.sometimes(.02, 'rubbish\n') + self.choice(['', '', '# end\n', '\n\n']))

    def entry(self):
        name = self.choice(SERVICES)
        kind = 'inet' if ':' in name else self.choice(TYPES)
        fields = [name, kind, 'n' if kind == 'inet' else self.choice('yn-'), self.choice('yn-'), self.choice('yn-'),
                  self.choice(['-', '60', '60?', '0']), self.choice(['-', '1', '0', '100']),
                  self.choice(['smtpd', 'smtp', 'pipe', 'spawn', 'error', '/usr/libexec/other'])]
        settings = ''.join(self.choice(SETTINGS) % (self.choice(SERVICE_NAMES), self.choice(VALUES))
                           for _ in range(self.choice([0, 0, 1, 1, 2, 3, 6])))
        return self.choice([' ', ' ', '\t', '      ']).join(fields) + settings + self.sometimes(.4, self.choice(REST)) + '\n'

    def master(self):
        text = ''.join(self.choice(BETWEEN + [''] * 8) + self.entry() for _ in range(self.randint(0, 7)))
        text += self.sometimes(.01, 'broken unix - -\n')
        return self.finished(text.lstrip(' \t') + self.choice(['', '# end\n', '\n\n']))

    def pattern(self):
        return self.choice(SERVICES + ['*', '*']) + '/' + self.choice(['inet', 'unix', '*'])

    def some(self, make, most=3):
        return [make() for _ in range(self.choice([1, 1, 1] + list(range(2, most + 1))))]

    def names(self, most=3):
        return self.sample(NAMES, self.randint(1, most))

    def main_query(self):
        options = self.choice([['-n'], ['-nf'], ['-nH'], ['-nh'], ['-nx'], ['-n', '-C', 'user'], ['-n', '-C', 'builtin,service'],
                               ['-fnx'], ['-pn'], ['-H'], ['-n', '-o', self.choice(NAMES) + '=' + self.words(0, 2)]])
        named = self.choice([[], ['-x'], ['-h'], ['-H'], ['-f'], ['-d'], ['-hx'], ['-df'], ['-fx'],
                             ['-o', self.choice(NAMES) + ' = ' + self.words(0, 2)], ['-xo', self.choice(NAMES) + '=' + self.words(0, 2)]])
        return self.choice([options, named + self.names(4)])

    def service_query(self):
        form = self.choice(['-M', '-Mf', '-Mx', '-F', '-Ff', '-Fx', '-P', '-Px', '-Pf', '-FH', '-PH', '-Ph', '-Mfx', '-Pfx'])
        third = {'-M': lambda: '', '-F': lambda: self.choice(['', '/*', '/chroot', '/command', '/type']),
                 '-P': lambda: self.choice(['', '/*', '/' + self.choice(NAMES)])}[form[:2]]
        return [form] + self.choice([[], self.some(lambda: self.pattern() + third()), [self.choice(SERVICES)]])

    def main_edit(self):
        return self.choice([
            ['-e'] + [name + self.choice(['=', ' = ', '= ']) + self.words(0, 4) for name in self.names(3)],
            [self.choice(NAMES) + '=' + self.words(0, 3)],
            ['-X'] + self.names(), ['-#'] + self.names()])

    def field(self):
        name = self.choice(list(FIELDS))
        return '%s/%s=%s' % (self.pattern(), name, self.choice(FIELDS[name]))

    def fields(self):
        """Not type and private at once, which depend on each other."""
        edits = self.some(self.field)
        return edits if sum('/private=' in edit or '/type=' in edit for edit in edits) < 2 else edits[:1]

    def override(self):
        return '%s/%s=%s' % (self.pattern(), self.choice(SERVICE_NAMES), self.choice(VALUES))

    def service_edit(self):
        line = self.entry().replace('\n# c\n', ' ').replace('\n#c\n # d\n', ' ').replace('\n', ' ')
        return self.choice([
            ['-F'] + self.fields(), ['-Fe'] + self.fields(),
            ['-P'] + self.some(self.override, 4), ['-Pe'] + self.some(self.override),
            ['-PX'] + self.some(lambda: self.pattern() + '/' + self.choice(NAMES)),
            [self.choice(['-MX', '-M#'])] + self.some(self.pattern, 2),
            ['-Me', self.choice([self.pattern(), '/'.join(line.split()[:2])]) + '=' + line]])

    def mistake(self):
        return self.choice([['-e', self.word()], ['-X', 'x=y'], ['-e', '#x=y'], ['-M', 'a/b/c'], ['-Fe', 'a/unix=y'], ['-P', 'a*/unix'],
                            ['-F', '*/*/nothing'], ['-Pe', '*/*/x=a b'], ['-nd'], ['-MX', 'a'], ['-Me', 'a/unix=a unix'],
                            ['-e', 'x=a\nb'], ['-C', 'other'], ['-hH'], ['-c', 'CONF/nowhere', '-n']])

    def arguments(self):
        kinds = [self.main_query] * 3 + [self.service_query] * 3 + [self.main_edit] * 5 + [self.service_edit] * 6
        return self.mistake() if self.random() < .03 else self.choice(kinds)()
