// The client's side of an authentication (RFC 4422, RFC 4954): a mechanism is chosen and then answers the server's
// challenges. The mechanisms are those of the GNU SASL library, and XOAUTH2. No input or output here.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace postern::wire {

struct SaslCredentials {
  std::string user;
  std::string password;  // XOAUTH2: the access token
  std::string host;      // of the server, for mechanisms that bind to it
};

class SaslClient {
 public:
  // The mechanisms that we know, the strongest first: SCRAM-SHA-256, CRAM-MD5, PLAIN, LOGIN, XOAUTH2.
  static const std::vector<std::string_view>& mechanisms();
  // Those of `offered` that we know and `allowed` admits (a predicate for smtp_sasl_security_options and
  // smtp_sasl_mechanism_filter is the caller's), the strongest first.
  static std::vector<std::string> usable(const std::vector<std::string>& offered);

  // Begins with one of mechanisms(). Fails with invalid (unknown mechanism), io (the library).
  static Result<std::unique_ptr<SaslClient>> begin(std::string_view mechanism,
                                                   const SaslCredentials& credentials);
  virtual ~SaslClient() = default;

  // The initial response to send with AUTH, base64; nothing when the server speaks first. "=" is an empty one.
  virtual Result<std::optional<std::string>> initial() = 0;
  // The answer, base64, to a challenge in base64 (what stands behind "334 "). Fails with invalid: the server does not
  // keep to the mechanism, or could not prove that it knows the password.
  virtual Result<std::string> answer(std::string_view challenge) = 0;
  // Whether the server's success may be believed: a mutual mechanism has seen its proof.
  virtual bool is_complete() const = 0;
};

}  // namespace postern::wire
