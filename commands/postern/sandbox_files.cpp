#include "commands/postern/sandbox_files.h"

#include "commands/postern/tls_files.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>

#include <cerrno>

#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/config/master_cf.h"
#include "lib/config/place.h"

namespace postern::commands {

namespace {

std::string line(std::string_view name, std::string_view value) { return concat(name, " = ", value, "\n"); }

// A setting of the caller's takes the place of ours.
void set(std::string& text, std::string_view name, std::string_view value) {
  const std::size_t before = text.find(concat("\n", name, " = "));
  if (before == std::string::npos) {
    text += line(name, value);
  } else {
    text.replace(before + 1, text.find('\n', before + 1) - before, line(name, value));
  }
}

// The queue's group: that of an installed system, otherwise the owner's own.
std::string queue_group(const passwd& owner) {
  if (::getgrnam("postdrop") != nullptr) return "postdrop";
  const group* own = ::getgrgid(owner.pw_gid);
  return own == nullptr ? std::to_string(owner.pw_gid) : own->gr_name;
}

Result<void> make(const std::string& path, mode_t mode, const SandboxOwner* owner) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    return fail_errno(concat("create directory ", path), errno);
  }
  if (::chmod(path.c_str(), mode) != 0) return fail_errno(concat("chmod ", path), errno);
  if (owner != nullptr && owner->root && ::chown(path.c_str(), owner->uid, owner->gid) != 0) {
    return fail_errno(concat("chown ", path), errno);
  }
  return {};
}

std::string service(std::string_view name, std::string_view type, bool jail, std::string_view limit,
                    std::string_view program) {
  constexpr std::string_view kOpen[] = {"cleanup", "pickup", "qmgr", "showq"};
  const bool is_open = std::find(std::begin(kOpen), std::end(kOpen), name) != std::end(kOpen);
  const char* is_private = type == "inet" || is_open ? "n" : "-";
  // Delivery to mailboxes takes the identity of each recipient: these services begin as root.
  const char* unprivileged = name == "local" || name == "virtual" ? "n" : "-";
  const std::string_view wakeup = name == "qmgr" ? "300" : name == "pickup" ? "60" : "-";
  return concat(name, " ", type, " ", is_private, " ", unprivileged, " ", jail ? "y" : "n", " ", wakeup, " ",
                limit, " ", program, "\n");
}

// Whoever says something about it says all.
bool has_tls(const SandboxFiles& files) {
  return std::none_of(files.settings.begin(), files.settings.end(),
                      [](const auto& pair) { return pair.first == "smtpd_tls_security_level"; });
}

// Both keys, for a certificate of each kind.
Result<void> make_keys(const SandboxFiles& files, const std::string& etc) {
  for (const KeyKind kind : {KeyKind::ecdsa, KeyKind::rsa}) {
    const auto key = make_key(kind, 0);
    if (!key) return fail(key.error());
    auto made = make_key_file(concat(config::own_keys_directory(etc), "/", name_of(kind), ".pem"), *key,
                              {concat("mail.", files.domain)});
    if (!made) return made;
  }
  return {};
}

}  // namespace

Result<SandboxOwner> sandbox_owner() {
  SandboxOwner owner;
  owner.root = ::geteuid() == 0;
  const passwd* found = owner.root ? ::getpwnam("postern") : ::getpwuid(::geteuid());
  if (found == nullptr) found = ::getpwnam("nobody");
  if (found == nullptr) return fail(Errc::not_found, "there is neither a user postern nor a user nobody");
  owner.user = found->pw_name;
  owner.group = queue_group(*found);
  owner.uid = owner.root ? found->pw_uid : ::geteuid();
  owner.gid = owner.root ? found->pw_gid : ::getegid();
  return owner;
}

std::string sandbox_main_cf(const SandboxFiles& files) {
  const std::string& at = files.directory;
  std::string text = "# A private instance. Nothing leaves it: only its own domains are accepted.\n";
  text += line("compatibility_level", "3.6");
  text += line("queue_directory", concat(at, "/queue")) + line("data_directory", concat(at, "/data"));
  text += line("daemon_directory", files.programs) + line("maillog_file", concat(at, "/mail.log"));
  text += line("mail_owner", files.owner.user) + line("setgid_group", files.owner.group);
  text += line("inet_interfaces", "127.0.0.1") + line("inet_protocols", "ipv4");
  text += line("myhostname", concat("mail.", files.domain)) + line("myorigin", files.domain);
  text += line("mynetworks", "127.0.0.0/8") + line("smtpd_relay_restrictions", "reject_unauth_destination");
  text += line("smtpd_peername_lookup", "no") + line("alias_maps", "") + line("mydestination", "");
  text += "\n# Every address of the domain has its mail in one Maildir.\n";
  text += line("virtual_mailbox_domains", files.domain) + line("virtual_mailbox_maps", "static:mail/");
  text += line("virtual_mailbox_base", at) + line("virtual_mailbox_limit", "0");
  text += line("virtual_uid_maps", concat("static:", files.owner.uid));
  text += line("virtual_gid_maps", concat("static:", files.owner.gid));
  text += line("virtual_minimum_uid",
               std::to_string(files.owner.uid < 100 ? std::max(files.owner.uid, 1u) : 100));
  text += "\n# Mail for discard.test is taken and thrown away.\n";
  text += line("relay_domains", "discard.test");
  text += line("transport_maps", "inline:{ { discard.test = discard: } }");
  if (files.screen) {
    text += "\n# Clients of this host are judged as those of others would be.\n";
    text += line("postscreen_access_list", "") + line("postscreen_greet_action", "drop");
  }
  if (has_tls(files)) {
    text += "\n# STARTTLS.\n" + line("smtpd_tls_security_level", "may") + line("smtpd_tls_loglevel", "1");
    text += line("smtpd_tls_received_header", "yes");
    text += line("smtpd_tls_eccert_file", "$config_directory/tls/ecdsa.pem");
    text += line("smtpd_tls_cert_file", "$config_directory/tls/rsa.pem");
  }
  for (const auto& [name, value] : files.settings) set(text, name, value);
  return text;
}

std::string sandbox_master_cf(const SandboxFiles& files) {
  const bool jail = files.owner.root;
  std::string text = "# service type private unpriv chroot wakeup maxproc command\n";
  const std::string port = concat("127.0.0.1:", files.port);
  if (files.screen) {
    text += service(port, "inet", jail, "1", "postscreen") + service("smtpd", "pass", jail, "-", "smtpd");
  } else {
    text += service(port, "inet", jail, "-", "smtpd");
  }
  text += service("pickup", "unix", jail, "1", "pickup");
  text += service("cleanup", "unix", jail, "-", "cleanup");
  text += service("qmgr", "unix", jail, "1", "qmgr");
  for (const char* name : {"bounce", "defer", "trace"}) text += service(name, "unix", jail, "-", "bounce");
  text += service("showq", "unix", jail, "-", "showq");
  text += service("smtp", "unix", jail, "-", "smtp");
  text += service("relay", "unix", jail, "-", "smtp");
  text += service("lmtp", "unix", jail, "-", "lmtp");
  text += service("virtual", "unix", false, "-", "virtual");
  text += service("local", "unix", false, "-", "local");
  text += service("error", "unix", jail, "-", "error");
  text += service("retry", "unix", jail, "-", "error");
  text += service("discard", "unix", jail, "-", "discard");
  return text;
}

Result<void> write_sandbox(const SandboxFiles& files) {
  const std::string etc = concat(files.directory, "/etc"), mail = concat(files.directory, "/mail");
  auto done = make(etc, 0755, nullptr);
  for (const char* part : {"", "/tmp", "/new", "/cur"}) {
    if (done) done = make(mail + part, 0700, &files.owner);
  }
  if (done && has_tls(files)) done = make_keys(files, etc);
  if (done) done = replace_file(concat(etc, "/main.cf"), sandbox_main_cf(files), 0644);
  if (done) done = replace_file(concat(etc, "/master.cf"), sandbox_master_cf(files), 0644);
  return done;
}

Result<unsigned> sandbox_port(const std::string& directory) {
  const auto file = config::MasterCf::read(concat(directory, "/etc/master.cf"));
  if (!file) return fail(file.error());
  for (const auto& entry : file->in_force()) {
    if (entry.type != config::SocketType::inet) continue;
    const auto endpoint = config::parse_endpoint(entry.name);
    const auto port = endpoint ? parse_number(endpoint->port) : std::nullopt;
    if (port) return static_cast<unsigned>(*port);
  }
  return fail(Errc::invalid, concat(file->path(), ": no inet service with a port number"));
}

}  // namespace postern::commands
