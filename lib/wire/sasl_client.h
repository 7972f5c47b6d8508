// The client's side of an authentication (RFC 4422, RFC 4954): a mechanism is chosen and then answers the server's
// challenges. The mechanisms are those of the GNU SASL library, and those that show a token (XOAUTH2, OAUTHBEARER).
// No input or output here.
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
  std::string password;  // XOAUTH2, OAUTHBEARER: the access token
  std::string host;      // of the server, for mechanisms that bind to it
};

class SaslClient {
 public:
  // The mechanisms that we know, the strongest first: SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN, LOGIN, XOAUTH2,
  // OAUTHBEARER.
  static const std::vector<std::string_view>& mechanisms();
  // Those of `offered` (in any case) that we know, in our writing, the strongest first. What
  // smtp_sasl_security_options and smtp_sasl_mechanism_filter admit is the caller's to say, before or after.
  static std::vector<std::string> usable(const std::vector<std::string>& offered);

  // Begins with one of mechanisms(). Fails with invalid (unknown mechanism; a user or password with a NUL, or one that
  // would read as something else), io (the library).
  static Result<std::unique_ptr<SaslClient>> begin(std::string_view mechanism,
                                                   const SaslCredentials& credentials);
  virtual ~SaslClient() = default;

  // The initial response to send with AUTH, base64; nothing when the server speaks first. "=" is an empty one. Where a
  // line would be too long it may be kept, and sent as the answer to the server's first challenge, which is empty.
  // Fails with io (the library).
  virtual Result<std::optional<std::string>> initial() = 0;
  // The answer, base64 and perhaps empty, to a challenge in base64 (what stands behind "334 "). Fails with invalid: the
  // server does not keep to the mechanism, or could not prove that it knows the password. The client then sends "*".
  virtual Result<std::string> answer(std::string_view challenge) = 0;
  // Whether the server's success may be believed: a mutual mechanism has seen its proof, or all was said that the
  // mechanism has to say.
  virtual bool is_complete() const = 0;
};

}  // namespace postern::wire
