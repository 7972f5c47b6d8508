"""Configurations and argument lists at random, for the differential test of postconf. What follows from a seed stays
the same. Left out is what docs/postconf-differences.md lists."""
import random

NAMES = ['biff', 'relayhost', 'myorigin', 'mydestination', 'x', 'yy', 'smtp_bind_address', 'virtual_maps',
         'content_filter']
WORDS = ['a', 'bb', '$x', '${yy}', '$myhostname', 'no', '{a b}', 'c,d', '=', '"', '#z', '[h]:25', '${x?{1}:{2}}']
SERVICES = ['smtp', 'a', 'b', 'submission', '127.0.0.1:25', 'x-y']
VALUES = ['1', '$x', 'a,b', '', 'yes', '$service_name']
SETTINGS = [' -o %s=%s', ' -o { %s = %s }', ' -o {%s=%s q}', ' -vo %s=%s', '\n  -o %s=%s', '\n# c\n\t-o %s=%s']
REST = [' flags=X user=y argv=/bin/z {a b}', ' -v', '\n  ${x} y', ' -D']


class Chance(random.Random):
    """Makes files and argument lists from its seed."""

    def words(self, least, most):
        return ' '.join(self.choice(WORDS) for _ in range(self.randint(least, most)))

    def main(self):
        text = '# head\n'
        for _ in range(self.randint(0, 8)):
            if self.random() < .2:
                text += self.choice(['# c\n', '\n', '  # i\n', ' \n'])
                continue
            text += self.choice(NAMES) + self.choice([' = ', '=', '\t= ', ' =']) + self.words(0, 4) + '\n'
            while self.random() < .3:
                text += self.choice(['  %s\n' % self.words(1, 1), '# x\n', '\n', '\t%s\n' % self.words(2, 2)])
        return text

    def entry(self):
        name = self.choice(SERVICES)
        kind = 'inet' if ':' in name else self.choice(['inet', 'unix'])
        fields = [name, kind, 'n' if kind == 'inet' else self.choice('yn-'), self.choice('yn-'), self.choice('yn-'),
                  self.choice(['-', '60', '60?']), self.choice(['-', '1', '0']),
                  self.choice(['smtpd', 'smtp', 'pipe', 'spawn'])]
        settings = ''.join(self.choice(SETTINGS) % (self.choice(NAMES), self.choice(VALUES))
                           for _ in range(self.randint(0, 3)))
        return ' '.join(fields) + settings + (self.choice(REST) if self.random() < .4 else '') + '\n'

    def master(self):
        text = ''.join(self.choice(['# c\n', '\n', '', '', '']) + self.entry() for _ in range(self.randint(0, 6)))
        return text + self.choice(['', '# end\n', '\n\n'])

    def pattern(self):
        return self.choice(SERVICES + ['*']) + '/' + self.choice(['inet', 'unix', '*'])

    def arguments(self):
        name, pattern = self.choice(NAMES), self.pattern()
        return self.choice([
            [self.choice(['-n', '-nf', '-nH'])],
            self.choices(NAMES, k=3),
            ['-x'] + self.choices(NAMES, k=2),
            [self.choice(['-M', '-Mf', '-Mx', '-F', '-Ff', '-Fx', '-P', '-Px', '-Pf'])] + self.choice([[], [pattern]]),
            ['-F', pattern + '/' + self.choice(['chroot', 'command', 'type'])],
            ['-P', pattern + '/' + name],
            ['-e', name + '=' + self.words(0, 3)],
            [self.choice(['-X', '-#'])] + self.sample(NAMES, 2),
            ['-F', pattern + self.choice(['/chroot=y', '/wakeup=5', '/process_limit=-', '/command=foo -v -o a=b c'])],
            ['-P', pattern + '/' + name + '=' + self.choice(['1', '', '$x', 'a=b'])],
            ['-PX', pattern + '/' + name],
            [self.choice(['-MX', '-M#']), pattern],
            ['-Me', pattern + '=' + self.entry().replace('\n# c\n', ' ').replace('\n', ' ')]])
