// How addresses are rewritten on their way in: completed, made canonical, masqueraded, and at last replaced by what
// they are aliases of. All addresses here are in their internal form, without quotes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/host_facts.h"
#include "lib/config/params/cleanup_params.h"
#include "lib/config/params/rewrite_params.h"
#include "lib/config/settings.h"
#include "lib/mail/completion.h"
#include "lib/net/task.h"
#include "lib/table/local_domains.h"
#include "lib/table/maps.h"

namespace postern::table {

// Where an address stands: classes of rewriting (canonical_classes and its kin).
enum class AddressKind { envelope_sender, envelope_recipient, header_sender, header_recipient };

class Rewriter {
 public:
  // Reads the parameters and opens all their tables. Call it before the jail. Fails with the first error, which
  // names the parameter.
  static Result<std::unique_ptr<Rewriter>> open(
      const config::Settings& settings, const config::HostFacts& host = config::HostFacts::of_this_host());

  // All tasks below fail with one line for the log that ends in "-- message not accepted, try again later": with busy
  // when a table fails, which has been logged, and with too_long beyond a limit. Their arguments must live until they
  // end.

  // Can more than completion happen to addresses of this kind?
  bool has_maps(AddressKind kind) const { return (busy_kinds_ & bit(kind)) != 0; }
  // A complete address as the canonical tables and masquerading want it. The null address stays.
  net::Task<Result<std::string>> canonical(std::string address, AddressKind kind) const;

  bool has_aliases() const { return !aliases_.empty(); }
  // All that a complete address is an alias of, by virtual_alias_maps, or itself.
  net::Task<Result<std::vector<std::string>>> expand(std::string_view address) const;

  bool has_bcc_maps() const { return !sender_bcc_.empty() || !recipient_bcc_.empty(); }
  // Who gets a copy of mail from or to a canonical address, as the table has it; nothing: nobody.
  net::Task<Result<std::optional<std::string>>> bcc_of_sender(std::string_view address) const;
  net::Task<Result<std::optional<std::string>>> bcc_of_recipient(std::string_view address) const;

  // How addresses of this system are completed.
  const mail::Completion& completion() const { return completion_; }

 private:
  struct Map {
    Maps maps;
    std::string_view name;
    bool propagates = false;  // an extension that the key left out goes to the result
    unsigned kinds = 0;
    bool empty() const { return maps.empty(); }
  };
  struct Masquerade {
    std::string domain;
    bool strips = true;  // not after '!'
  };
  enum class Extensions { keep_out, propagate };

  static constexpr unsigned bit(AddressKind kind) { return 1u << static_cast<unsigned>(kind); }
  Rewriter() = default;
  Result<void> load(const config::Settings& settings, const config::HostFacts& host);
  Result<void> load_maps(const config::List& propagating);
  void load_masquerade();

  net::Task<Result<std::optional<Match>>> look_up(const Map& map, std::string_view address) const;
  // One step of a map: what stands for the address; nothing when no table has it.
  net::Task<Result<std::vector<std::string>>> step(const Map& map, std::string_view address) const;
  net::Task<Result<std::string>> map_one(const Map& map, std::string address) const;
  net::Task<Result<std::optional<std::string>>> bcc(const Map& map, std::string_view address) const;
  std::vector<std::string> results(const Match& match, std::string_view address, bool propagate) const;
  void masquerade(std::string& address) const;

  config::CleanupParams params_;
  config::RewriteParams more_;
  mail::Completion completion_;
  std::string origin_, delimiters_;
  LocalDomains local_;
  Map canonical_, sender_canonical_, recipient_canonical_, aliases_, sender_bcc_, recipient_bcc_;
  std::vector<Masquerade> masquerades_;
  unsigned masqueraded_kinds_ = 0;
  unsigned busy_kinds_ = 0;
};

// The addresses in the value of a table ("ann@example.com, bob"), as they stand there.
std::vector<std::string> addresses_in(std::string_view value);

}  // namespace postern::table
