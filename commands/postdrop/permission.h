// Who may submit mail, from where, and under which name.
#pragma once

#include <sys/types.h>

#include <string>

#include "lib/base/result.h"
#include "lib/config/params/submission_params.h"
#include "lib/config/settings.h"

namespace postern::postdrop {

// The name of the user, or its number when nobody knows one.
std::string login_of(uid_t uid);

// True when we have rights that our caller does not: the set-gid bit is at work.
bool is_elevated();

// The configuration directory that may be used: `wanted`, or the standard one when that is empty. Fails with denied when
// somebody without rights names one that alternate_config_directories of the standard one does not list.
Result<std::string> config_directory(const std::string& wanted);

// Fails with denied when authorized_submit_users does not have the user, and as a table when that cannot say.
Result<void> check_user(const config::SubmissionParams& params, const std::string& login, uid_t uid);

// The same for local_login_sender_maps and the sender, with or without domain: "*" allows all, "@example.com" a domain.
Result<void> check_sender(const config::SubmissionParams& params, const std::string& login, const std::string& sender);

}  // namespace postern::postdrop
