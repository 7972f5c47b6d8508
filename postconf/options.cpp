#include "postconf/options.h"

#include "lib/base/text.h"

namespace postern::postconf {

std::string help_text() {
  std::string text = R"(usage: postconf [-c DIRECTORY] [OPTION…] [NAME… | NAME=VALUE…]

Shows and changes main.cf and master.cf as name=value pairs. A word with "=" is
an edit. Several edits, of both files, may stand in one call: they happen
together or not at all.

  (nothing)   parameters of main.cf: biff, 'smtpd_tls_*'
  -M          services of master.cf: smtp/inet
  -F          their fields: smtp/inet/chroot
  -P          their -o settings: submission/inet/smtpd_tls_security_level
  -P -P       all that is in force for them
  -O          other options and arguments: smtp/inet/verbose,
              maildrop/unix/argument/user
  -R          what runs: smtp/inet/sessions, smtp/inet/4711/state,
              master/process/generation
  -m -l -a -A -T FACT   what is supported
  -b -t [FILE]          bounce templates

  -n  what main.cf says           -d  the built-in defaults
  -x  expand $names               -o NAME=VALUE  as if main.cf said so
  -h  values only                 -H  names only
  -f  fold long lines             -j  JSON, an object a line
  -e  edit (an "=" implies it)    -X  remove: back to the default
  -#  comment out                 -C CLASS,…  builtin, service, user, all
  -q  no remarks on unused names  -v  more words

)";
  for (const auto& option : kLongOptions) {
    auto line = concat("  --", option.name, option.value.empty() ? "" : " ", option.value);
    line.append(line.size() < 24 ? 24 - line.size() : 1, ' ');
    text += concat(line, option.help, "\n");
  }
  return text;
}

}  // namespace postern::postconf
