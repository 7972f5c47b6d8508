"""Configurations for the differential test of postconf: odd ones as text, those of real servers as files in the folder
configurations, and Debian's own. Text is UTF-8, where \\udcXX stands for the byte XX."""
import pathlib

FOLDER = pathlib.Path(__file__).parent / 'configurations'

MAIN = {
    'empty': '',
    'small': 'biff = no\nmyhostname = mail.example.com\nmydestination = $myhostname, localhost\n',
    'folded': '# head\nbiff=no\nmydestination = $myhostname,\n   localhost\n# inside\n\n\tlocalhost.$mydomain\n'
              '# tail\nrelayhost =\n   [relay.example.com]:587  \n',
    'twice': 'biff = no\nrelayhost = a\n# c\nbiff =   yes\n  # d\nrelayhost = b\n',
    'no_newline': 'biff = no\nrelayhost = [mail.example.com]',
    'tabs': 'biff\t=\tno\nrelayhost=a\t b   c  \nempty_address_recipient   =\nmynetworks = 127.0.0.0/8\t[::1]/128\n',
    'users': 'zork = y\nfork = $gork ${bork?x} $(qork)\nbork = 1\nmail_spool_directory = /$zork\n'
             'smtpd_restriction_classes = alpha, beta\nalpha = permit\nprocess_id = 4\nservice_name = $zork\n',
    'old': 'virtual_maps = x\nfallback_relay = y\nsmtp_per_record_deadline = yes\nauthorized_verp_clients = 1.2.3.4\n',
    'macros': 'a = $b\nb = ${c?{$d}:{$e}} ${f:$g} ${{$h} == {i} ? {$j} : {$k}} $(l) $$m ${n}\nmyorigin = $a\n'
              'relay_domains = ${{$compatibility_level} <level {2} ? {old} : {new}}\ncompatibility_level = 3.6\n'
              'smtpd_banner = ${mail_name?{x}:{y}} ${nothing:empty} ${biff} $$\n'
              'delay_warning_time = ${{1} < {2} ? {1h}:{2h}}\nmaximal_queue_lifetime = ${{a} != {a}?{1d}:{2d}}\n',
    'raw': 'smtpd_expansion_filter = $a $$\nmailbox_command = x $foo\nforward_path = $home $$\n'
           'default_rbl_reply = $rbl_code x\nluser_relay = $user@x\nsmtpd_reject_footer = \\c $client\n',
    'long': 'relay_domains = aaaaaaaaaaaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaaaaaaa, aaaaaaaaaaaaaaaaaaaaa,bbbbbbbbbbbbbbbbbb\n'
            'mydestination = ' + ' '.join('host%d.example.com,' % i for i in range(12)) + '\n'
            'relayhost = ' + 'x' * 67 + '\nbest_mx_transport = ' + 'x' * 60 + '\n'
            'myorigin = ' + 'a' * 30 + ' ' + 'b' * 38 + ' c\nmydomain = ' + 'a' * 30 + ' ' + 'b' * 37 + ' c\n',
    'tables': 'virtual_alias_maps = ldap:foo, mysql:bar, pcre:/x proxy:pgsql:pg\nfoo_server_host = a\n'
              'foo_bogus = 1\nbar_hosts = x\npg_hosts=y\nfoo_search_base=q\nbar_query = 1\nlite_dbpath = 3\n'
              'transport_maps = { sqlite:lite }\n',
    'host': 'mydomain = b.c\nmyorigin = $mydomain\n',
    'name': 'myhostname = a.b.c\nmynetworks_style = host\n',
    'directory': 'config_directory = /elsewhere\nbiff = no\n',
    'comments': '#biff = no\n  # biff = no\n\n\n#\nbiff = yes\n\n\n',
    'limits': 'smtp_destination_concurrency_limit = 5\nmaildrop_time_limit = 10s\nmaildrop_destination_recipient_limit = 1\n'
              'nope_destination_rate_delay = 1s\n',
    'bad': 'biff = no\nrubbish\n',
    'nameless': '= 1\nbiff=no\n',
    'loop': 'bb = $bb\nmyorigin = $bb\n',
    'equals': 'relayhost = a=b\nbiff = x = y\ncontent_filter ==\n',
    'utf8': 'smtpd_banner = $myhostname Grüße €\nfoo_ä = 1\n',
    'crlf': 'biff = no\r\nrelayhost = a,\r\n   b\r\n# c\r\nmyorigin = example.com\r\n',
    'bytes': 'smtpd_banner = caf\udce9 \udcff\udc80\nbiff = \x01no\x7f\nmail_name = a\x0bb\x0cc\n',
    'blank_ends': '\n\n  \n\t\n# only comments\n',
    'spaces': 'biff   =    no   \nrelayhost =a  \n \t \nmydestination=\t\n\tx\n\t\n\ty  \n#z\n z\n',
    'commented_in': '#a\nmydestination = a\n#b\n  #c\n\n  b\n\n# d\n\tc\n # e\nbiff = no\n# f\n\n',
    'ends_in_more': 'biff = no\nmydestination = a,\n  b',
    'ends_in_comment': 'biff = no\n# the end',
    'braces': 'import_environment = {A = b} { C=d }\nsmtpd_milters = { inet:x, y = z }, { unix:{a b} }\n'
              'transport_maps = pcre:{{/a b/ c} {/d/ e}}, { inline:{ a=b, { c = d e } } }\n'
              'alias_maps = regexp:{/x/ y\nbody_checks = }{\n',
    'pipemaps': 'virtual_alias_maps = pipemap:{hash:/a, ldap:one}, unionmap:{proxy:mysql:two, pgsql:three}\n'
                'one_server_host = h\ntwo_hosts = h\nthree_hosts=h\nthree_nothing = x\none_domain = y\n'
                'alias_maps = ldap:/etc/x, ldap:on.e, mysql:a-b\n',
    'level_two': 'compatibility_level = 2\n',
    'level_zero': 'compatibility_level=0\nmynetworks_style = subnet\n',
    'level_dotted': 'compatibility_level = 3.10.1\nx = ${{$compatibility_level} >=level {3.9} ? {a} : {b}}\nrelayhost=$x\n',
    'compare': 'a = ${{1} < {10} ? {n}}\nb = ${{a} < {b} ?{y} :{z}}\nmyorigin = $a $b ${{x} == {x}} ${{x} != {x}}\n'
               'relayhost = ${{ $a } >= {$b} ? {  blank  }:{}}|${!a?{t}}|${a!}\n',
    'deprecated': 'smtp_use_tls = yes\nsmtpd_enforce_tls=yes\nlmtp_tls_enforce_peername = no\n'
                  'postscreen_whitelist_interfaces = static:all\ndisable_dns_lookups = yes\n',
    'many_names': ''.join('name_%d = $name_%d\n' % (i, i + 1) for i in range(60)) + 'myorigin = $name_0\n',
    'comment_behind': 'biff = no # really\nmydestination = a, # b\n  c #d\nmyorigin = #x\n',
    'missing': None,  # no such file
}

MASTER = {
    'empty': '',
    'odd': '# c\nsmtp inet n - n - - smtpd -vo a=b -o {c = d e} -oe=f -o { g = h }\n  # mid\n'
           '  -o very_long_name_of_parameter=very_long_value_of_parameter -D\nsmtp unix - - n - - smtp\n\n'
           'smtp unix - - y 60? 1 smtp -o x=y\n'
           'pipe unix - n n - - pipe flags=X user=a argv=/bin/x {a b} -o y=z ${extension}\n'
           '[::1]:25 inet n - - - - smtpd -v -v\n127.0.0.1:10025 inet n - - - - smtpd -o bar= -o\n   baz=1\n',
    'comments': '# 1\na unix - - n - - smtp -o x=1 -o y=2 -o x=3\n# 2\n\n# 3\na unix - - n - - smtp -o x=7 -o z=3\n'
                'b inet n - - - - smtpd\n  -o m=$myhostname\n# 4\n  -o {n=$mydomain $$ x} $undef\n# 5\n  # 6\n',
    'refers': 'a unix - - n - - smtp -o x=1 -o syslog_name=$service_name/$process_name -o undef=$qq$qq -o z=$zork\n'
              'b inet n - n - - smtpd -o loc=$zork -o unused=1 -o other=$loc -o fork=2 -o biff=$undef\n'
              'c unix - n n - - spawn user=x argv=y\nd unix - - n - - error -o myhostname=d.example\n'
              'e unix-dgram n - n - 1 postlogd\nf pass - - n 10 - smtpd\ng fifo n - n 5? 0 qmgr\n',
    'long': 'service-with-a-long-name unix - n n - - pipe flags=DRXhuq user=vmail:vmail argv=/usr/bin/maildrop -d'
            ' ${user}@${nexthop} ${extension} ${recipient} ${sender}\n'
            'submission inet n - y - - smtpd -o syslog_name=postfix/submission -o smtpd_tls_security_level=encrypt'
            ' -o smtpd_sasl_auth_enable=yes -o {smtpd_recipient_restrictions=permit_sasl_authenticated reject}\n',
    'broken': 'a unix - - n - - smtp\nb unix - - - -\n',
    'badtype': 'a bogus - - n - - smtp\n',
    'crlf': 'smtp inet n - y - - smtpd\r\n  -o a=b\r\nlocal unix - n n - - local\r\n',
    'no_newline': 'smtp inet n - y - - smtpd\na unix - - n - - smtp -o x=1',
    'comments_in': '# 1\nsmtp inet n - y - - smtpd\n# 2\n  -o biff=no\n  # 3\n\n\t-o myorigin=a\n# 4\n\n# 5\n'
                   'a unix - - n - -\n  # 6\n  smtp\n    -o x=1\n\n#b inet n - n - - smtpd\n#  -o y=1\n# 7\n',
    'many': ''.join('s%d unix - - y - %d smtp -o syslog_name=p/s%d -o x=%d\n' % (i, i, i, i) for i in range(40)),
    'flags': 'a unix - - n - - smtp -v -D -vv -o x=1 -d y\nb inet n - n - - smtpd -D\n'
             'c unix - n n - - pipe -v -o x=2 flags=R user=a argv=b -o y=3\n',
    'dashes': 'a unix - - - - - smtp x\nb unix - - - - - smtp -- -o x=1\nc unix - - - 0 0 smtp -x y -o {x = 1}\n',
    'hosts': '[::1]:smtp inet n - n - - smtpd\n127.0.0.1:25 inet n - n - - smtpd\nlocalhost:587 inet n - n - - smtpd\n'
             '[fe80::1]:10025 inet n - n - - smtpd -o x=1\nprivate/deep unix - - n - - smtp\n',
    'long_form': 'a unix - - n - - smtp -o { x = a  b } -o {y=} -o { z =c } -o {  biff=  }\n'
                 'b inet n - n - - smtpd -o { x = {a} b } -o {y = $x ${z?{1}:{2}}}\n',
    'bytes': 'a unix - - n - - smtp -o x=caf\udce9 -o y=Gr\u00fc\u00dfe\nb inet n - n - - smtpd -o {x=\u20ac \u20ac}\n',
    'missing': None,  # no such file
}

# What a real server has: a folder with both files.
SERVERS = sorted(folder.name for folder in FOLDER.iterdir())
for server in SERVERS:
    MAIN[server] = (FOLDER / server / 'main.cf').read_text('utf-8')
    MASTER[server] = (FOLDER / server / 'master.cf').read_text('utf-8')

# (main, master): each configuration that an argument list is tried on. The names stock, debian and tls are files of
# Debian's package.
CONFIGURATIONS = (
    [(server, server) for server in SERVERS] + [(name, 'stock') for name in ('stock', 'debian', 'tls')] +
    [(name, 'stock') for name in MAIN if name not in SERVERS + ['missing']] +
    [('small', name) for name in MASTER if name not in SERVERS] +
    [('users', 'refers'), ('users', 'odd'), ('missing', 'stock'), ('limits', 'long'), ('macros', 'refers'),
     ('host', 'comments'), ('debian', 'submission'), ('tls', 'pipes')])


def add_stock(share):
    """Adds the files of the package, which are in the folder `share`."""
    for name, file in (('stock', 'main.cf.dist'), ('debian', 'main.cf.debian'), ('tls', 'main.cf.tls')):
        MAIN[name] = pathlib.Path(share, file).read_text('utf-8')
    MASTER['stock'] = pathlib.Path(share, 'master.cf.dist').read_text('utf-8')
