"""Configurations and argument lists for the differential test of postconf."""
import shlex

STOCK = '/usr/share/postfix'  # Debian's own files, in place of the text None below

MAIN = {
    'empty': '',
    'stock': None,
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
    'missing': None,
}

MASTER = {
    'empty': '',
    'stock': None,
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
    'missing': None,
}

# (main, master): each configuration that a query is tried on.
CONFIGS = [(m, 'stock') for m in MAIN if m != 'missing'] + [('small', m) for m in MASTER if m != 'stock'] + [
    ('users', 'refers'), ('users', 'odd'), ('missing', 'stock'), ('limits', 'long'), ('macros', 'refers'),
    ('host', 'comments')]

# Words as a shell takes them; a bar or a new line ends a list.
MAIN_QUERIES = r'''
-n | -d | -x | -nx | -nf | -H | -hn | -Hn | -p | -np | -C builtin | -C service | -C user
-C user,service | -C all | -n -C USER | -n -C Builtin | biff | biff relayhost nope | -h biff relayhost
-H biff nope | -x myorigin mydestination | -d biff myorigin | -dx myorigin relay_domains
-d virtual_maps zork nope | virtual_maps fallback_relay | zork alpha beta bork gork | -x zork bork | foo biff=1
-n biff relayhost | -o biff=maybe biff | -o biff=maybe -n | -o unheard=of -n
-o myhostname=q.example.net -x mydestination mydomain
-o compatibility_level=0 -x smtpd_relay_restrictions relay_domains mynetworks_style | -dx -C service | -nfx
-fh mydestination | smtp_destination_concurrency_limit maildrop_time_limit lmtp_recipient_limit
-x smtp_tls_fingerprint_digest syslog_name | config_directory | -x config_directory service_name process_name
process_name | -hx myhostname mydomain | mynetworks mynetworks_style
-x relay_transport local_recipient_maps proxy_write_maps | -x smtpd_timeout postscreen_dnsbl_max_ttl
-o stress=yes -x smtpd_timeout | foo_server_host foo_bogus bar_hosts | 2bounce_notice_recipient
-x default_rbl_reply command_expansion_filter | -- biff | biff -n | -n -d | -hH | -nM | -M -p | -C nope | -e -n a=b
-dX biff | -fX biff | -pn | -x a b | -f relay_domains mydestination relayhost myorigin mydomain
'''

SERVICE_QUERIES = r'''
-M | -Mf | -Mx | -M smtp | -M smtp/inet | -M smtp/inet smtp */inet | -M nope | -M nope/inet smtp/x | -M */* | -M *
-M */unix | -M sm* | -M a/b/c | -M a/ | -M /unix | -F | -Ff | -Fx | -F smtp/inet | -F smtp/inet/chroot
-F */*/chroot | -F */inet/command a/unix | -Fh smtp/inet/type | -FH smtp/* | -F smtp/inet/foo
-F nope/inet/chroot | -F a/b/c/d | -F a* | -Fh '*/*/chroot' | -F a/unix/type a/* | -F smtp/inet/* | -P | -Px | -Pf
-P smtp/inet/a smtp/inet/zz smtp/unix smtp/*/x | -P a/unix/x | -P a a/unix/x | -Ph */inet | -PH */* | -P */*/x
-P a/unix/x/y | -P a/u* | -P submission | -Px b | -Mx b a | -Fx b/inet/command a | -o myhostname=q.example -Px b
-P submission/inet/syslog_name | -MH smtp | -Pd | -Fn | -Mh | -Me | -MX | -Fe | -aM | -al | -Ma | -P * | -F *
-M * * | -FfH | -PfH
'''

LISTS = '-l | -l -c nowhere | -T bogus'

MAIN_EDITS = r'''
-e biff=yes | biff=yes | -e biff= | -e new=1 | -e new=1 anew=2 zoo=3 | -e biff=1 relayhost=2 | -e relayhost=a=b
-e biff | -e =x | -e #x=y | -e a b=c | -X biff | -X biff relayhost nope | -X nope | -X biff=1 | -# biff
-# biff relayhost nope | -# mydestination myhostname | -e foo=1 foo=2 | biff=1 foo | -e mydestination=x
-X mydestination | -e ' biff = no' | -X ' biff' | -e 'biff=no # c' | -# #biff | -X #biff | -e 'biff=$(x'
-e 'relayhost=  a   b' | -e 'zork=$bork' | -X | -# | -e | -eX biff=1 | -X# biff | -eh biff=no | -eo biff=no biff=1
-ex biff=1 | -ef biff=1 | -e myhostname=a myhostname=b myhostname=c | -e BIFF=1 | -e 'relayhost={a b}'
-X relayhost | -# relayhost | -e smtpd_banner=x mynetworks=y | -X a b myorigin | -e a=1 b=2
'''

SERVICE_EDITS = r'''
-Fe smtp/inet/chroot=y | -F 'smtp/inet/chroot = y' | -Fe */*/chroot=n | -Fe smtp/inet/chroot=maybe
-Fe smtp/inet/foo=maybe | -Fe nope/inet/chroot=y | -Fe 'smtp/inet/command=smtpd -v -o {a = b c} x'
-Fe 'smtp/inet/service=a b' | -Fe smtp/inet/service=465 smtp/unix/type=fifo | -Fe smtp/inet=y | -Fe smtp/inet/*=y
-Fe smtp/inet/wakeup=5x | -Fe smtp/inet/wakeup=5? | -Fe smtp/inet/process_limit=5? | -Fe */unix/process_limit=7
-Fe */*/wakeup=- | -Fe a/unix/wakeup=3 b/inet/chroot=y b/inet/chroot=n | -Fe a/unix/service=q a/unix/chroot=y
-Fe b/inet/private=n | -Fe b/inet/unprivileged=no | -P smtp/inet/a=q | -Pe smtp/inet/new=q smtp/unix/x=z
-Pe pipe/unix/y=1 | -Pe 'smtp/inet/a=b c' | -Pe smtp/inet/*=b | -Pe */*/new=1 | -Pe nope/inet/a=b | -Pe smtp/inet=b
-Pe */inet/smtpd_tls_security_level=may | -Pe smtp/inet/a= | -Pe a/unix/x=5 | -Pe b/inet/n=2 b/inet/n=3
-P 'a/unix/n = v' | -Pe b/inet/n= | -PX smtp/inet/a | -PX smtp/inet/c smtp/inet/nope | -PX */*/a | -PX smtp/inet
-PX a/unix/x | -PX a/unix/* | -PX b/inet/m b/inet/n | -P# smtp/inet/a | -PX submission/inet/syslog_name
-PX */*/x */*/y | -Pe submission/inet/smtpd_tls_security_level=may | -FX smtp/inet/a | -PX a/unix/q=b
-F# a/unix/type | -Me 'smtp/inet=smtp inet n - y - - smtpd -o q=r' | -Me 'smtp/unix=smtp unix n - y - - smtp'
-Me 'new/unix=new2 unix n - y - - smtp   -o { q = r s } a'
-M 'new/unix=new unix - - y - - smtp' 'new/unix=new unix - - n - - smtp' | -Me 'smtp/inet=smtp unix - - y - -'
-Me 'smtp/inet=smtp bogus - - y - - x' | -Me 'smtp=smtp inet - - y - - x' | -Me '*/inet=smtp inet n - y - - x'
-Me 'smtp/inet= smtp inet n - y - - smtpd' | -Me smtp/inet
-Me 'a/unix=a unix - - y - - x' 'a/unix=a unix - - n - - y'
-M 'delay/unix=delay unix - - y - - smtp -o x=1 -v -oy=2' | -MX smtp/inet | -MX smtp | -MX smtp/unix nope/unix
-MX */* | -M# smtp/inet | -M# smtp/* | -M# */* | -MX smtp/inet=x | -MX a/unix a/unix | -MX a*/unix | -MX a/unix b=1
-Me 'b/inet=c inet n - n - - smtpd' | -M# a/unix b/inet | -MX */inet | -MX nope/inet
-Me 'b/inet=b inet n - n - - smtpd -o a=1 -o {b=2 3} x {y z} w'
-Fe 'b/inet/command=pipe flags=X user=aaaaaaaaaaaaaaaaaa argv=/bin/bbbbbbbbbbbbbbbbbbbbbbbbbb -c d'
'''


def table(text):
    """The argument lists of one of these tables."""
    return [shlex.split(field) for line in text.strip().split('\n') for field in line.split('|')]
