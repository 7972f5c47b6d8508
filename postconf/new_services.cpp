#include "postconf/new_services.h"

#include <algorithm>
#include <optional>

#include "lib/base/text.h"
#include "lib/config/service_options.h"

namespace postern::postconf {

namespace {

using config::Field;
using config::Service;

struct Found {
  config::Logical entry;
  Service service;
};

// The entry in force of that name: the last one.
Result<std::optional<Found>> find(const Draft& draft, const Pattern& name) {
  const auto& logical = draft.master().logical();
  for (auto entry = logical.rbegin(); entry != logical.rend(); ++entry) {
    const auto head = head_of(entry->text);
    if (head.name != name.service.text() || head.type != name.type.text()) continue;
    auto service = config::parse_service(entry->text);
    if (!service) {
      return fail(service.error().kind,
                  concat(draft.master_path(), ", line ", entry->begin + 1, ": ", service.error().text));
    }
    return std::optional(Found{*entry, std::move(*service)});
  }
  return std::optional<Found>();
}

// The same service under another name. An inet service cannot be private.
Result<Service> named(Service service, const Pattern& name) {
  service.fields.set(Field::service, name.service.text());
  service.fields.set(Field::type, name.type.text());
  if (name.type.text() == "inet") service.fields.set(Field::private_, "n");
  return config::parse_service(config::one_line(service));
}

// Two words of --clone or --rename, and what is there under these names.
struct FromTo {
  Pattern from, to;
  std::optional<Found> original, there;
};

Result<FromTo> look_up(const Step& step, std::size_t at, const Draft& draft) {
  const auto* otherwise = "--clone and --rename require service_name/type service_name/type";
  auto from = parse_pattern(step.words[at], 2, 2, otherwise);
  if (!from) return fail(from.error());
  auto to = parse_pattern(step.words[at + 1], 2, 2, otherwise);
  if (!to) return fail(to.error());
  for (const auto* pattern : {&*from, &*to}) {
    if (pattern->service.is_wild() || pattern->type.is_wild()) return fail(Errc::invalid, otherwise);
  }
  auto original = find(draft, *from);
  if (!original) return fail(original.error());
  auto there = find(draft, *to);
  if (!there) return fail(there.error());
  return FromTo{std::move(*from), std::move(*to), std::move(*original), std::move(*there)};
}

Failure is_there_already(const Draft& draft, const FromTo& pair, std::string_view how) {
  return fail(Errc::exists, concat(draft.master_path(), ", line ", pair.there->entry.begin + 1, ": service ",
                                   pair.to.text, " is there already", how));
}

Result<Service> blank_service(const Pattern& name, const std::string& command) {
  const bool is_inet = name.type.text() == "inet";
  return config::parse_service(
      concat(name.service.text(), " ", name.type.text(), is_inet ? " n" : " -", " - - - - ", command));
}

// A service that listens is most often an SMTP server; a transport with the name of a program runs that; any other
// is most often a clone of the SMTP client.
std::string likely_program(const Draft& draft, const Pattern& name) {
  if (name.type.text() == "inet") return "smtpd";
  for (const auto& entry : draft.master().logical()) {
    const auto service = config::parse_service(entry.text);
    if (service && service->command == name.service.text()) return service->command;
  }
  return "smtp";
}

bool is_command(const ServiceEdit& edit, Space space) {
  return space == Space::fields && edit.pattern.third.text() == "command";
}

Result<Service> with(const Service& service, const ServiceEdit& edit, Space space) {
  const auto& name = edit.pattern.third.text();
  if (space == Space::overrides) return config::with_override(service, name, edit.value);
  if (space == Space::options) return config::with_option(service, name, edit.value);
  const auto field = field_of(name);
  if (!field) return fail(field.error());
  return *field ? config::with_field(service, **field, edit.value) : Result<Service>(service);
}

}  // namespace

Result<void> clone_services(const Step& step, Draft& draft, Output& output) {
  for (std::size_t at = 0; at + 1 < step.words.size(); at += 2) {
    const auto pair = look_up(step, at, draft);
    if (!pair) return fail(pair.error());
    if (!pair->original) {
      output.missing = true;
      return fail(Errc::not_found, concat("there is no service ", pair->from.text, " to clone"));
    }
    const auto copy = named(pair->original->service, pair->to);
    if (!copy) return fail(copy.error());
    if (!pair->there) {
      draft.master().append(config::folded(*copy));
    } else if (config::one_line(pair->there->service) != config::one_line(*copy)) {
      return is_there_already(draft, *pair, ", and is another one");
    }
  }
  return {};
}

Result<void> rename_services(const Step& step, Draft& draft, Output& output) {
  for (std::size_t at = 0; at + 1 < step.words.size(); at += 2) {
    const auto pair = look_up(step, at, draft);
    if (!pair) return fail(pair.error());
    if (!pair->original) {
      output.missing = true;
      output.warn(concat("unmatched service_name/type: \"", pair->from.text, "\""));
      continue;
    }
    if (pair->there && pair->from.text != pair->to.text) return is_there_already(draft, *pair, "");
    const auto renamed = named(pair->original->service, pair->to);
    if (!renamed) return fail(renamed.error());
    draft.master().rewrite(pair->original->entry, config::folded(*renamed), config::Comments::in_front);
  }
  return {};
}

Result<void> create_services(const Step& step, std::vector<ServiceEdit>& edits, Draft& draft,
                             Output& output) {
  for (std::size_t first = 0; first < edits.size(); ++first) {
    const auto& name = edits[first].pattern;
    if (name.matched || edits[first].is_excluded || name.service.is_wild() || name.type.is_wild()) continue;
    std::vector<ServiceEdit*> own;
    for (auto& edit : edits) {
      const bool same =
          edit.pattern.service.text() == name.service.text() && edit.pattern.type.text() == name.type.text();
      if (same) own.push_back(&edit);
    }
    const auto command =
        std::find_if(own.begin(), own.end(), [&](auto* edit) { return is_command(*edit, step.space); });
    const auto program = command == own.end() ? likely_program(draft, name) : (*command)->value;
    if (command == own.end()) {
      output.warn(concat("new service ", name.service.text(), "/", name.type.text(),
                         ": no command was given; it is ", program));
    }
    auto service = blank_service(name, program);
    for (auto* edit : own) {
      if (service) service = with(*service, *edit, step.space);
      edit->pattern.matched = true;
    }
    if (!service) return fail(service.error());
    draft.master().append(config::folded(*service));
  }
  return {};
}

}  // namespace postern::postconf
