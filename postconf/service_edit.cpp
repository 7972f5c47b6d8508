#include "postconf/service_edit.h"

#include <algorithm>
#include <optional>
#include <set>

#include "lib/base/text.h"
#include "lib/config/lines.h"
#include "lib/config/service_options.h"
#include "postconf/invalid.h"
#include "postconf/new_services.h"
#include "postconf/service_comments.h"
#include "postconf/service_words.h"
#include "postconf/where.h"

namespace postern::postconf {

namespace {

using config::Change;
using config::Logical;
using config::Service;

Result<Service> with_part(const Service& service, const ServiceEdit& edit, Verb verb) {
  const auto& name = edit.pattern.third.text();
  const std::string value = verb == Verb::edit ? edit.value : "-";
  const auto field = field_of(name);
  if (!field) return fail(field.error());
  auto changed = *field ? config::with_field(service, **field, value) : config::with_command(service, value);
  if (!value.empty() && (changed || !*field)) return changed;
  return invalid(concat("invalid ", name, " field \"", value, "\" in \"", value, "\""));
}

// The same service without every setting that fits.
Result<Service> without_settings(Service service, const Glob& name) {
  for (const auto& [known, value] : Service(service).overrides) {
    if (!name.fits(known)) continue;
    auto next = config::without_override(service, known);
    if (!next) return next;
    service = std::move(*next);
  }
  return service;
}

// From the last to the first: arguments without a name are numbered.
Result<Service> without_options(Service service, const Glob& name) {
  const auto options = config::options_of(service);
  for (auto option = options.rbegin(); option != options.rend(); ++option) {
    if (!name.fits(option->first)) continue;
    auto next = config::without_option(service, option->first);
    if (!next) return next;
    service = std::move(*next);
  }
  return service;
}

// Whether there is something to remove.
bool has(const Service& service, const ServiceEdit& edit, Space space) {
  const auto& name = edit.pattern.third;
  const auto fits = [&](const auto& pair) { return name.fits(pair.first); };
  if (space == Space::overrides) return std::any_of(service.overrides.begin(), service.overrides.end(), fits);
  if (space != Space::options) return true;
  const auto options = config::options_of(service);
  return std::any_of(options.begin(), options.end(), fits);
}

// Whether it has the value of the edit, whatever else of that name stands in front of it.
bool is_in_force(const Service& service, const ServiceEdit& edit, Space space) {
  if (space != Space::overrides && space != Space::options) return false;
  const auto pairs = space == Space::overrides ? service.overrides : config::options_of(service);
  const auto last = std::find_if(pairs.rbegin(), pairs.rend(),
                                 [&](const auto& pair) { return pair.first == edit.pattern.third.text(); });
  return last != pairs.rend() && last->second == edit.value;
}

Result<Service> edited(const Service& service, const ServiceEdit& edit, const Step& step) {
  const auto& name = edit.pattern.third;
  switch (step.space) {
    case Space::fields: return with_part(service, edit, step.verb);
    case Space::options:
      return step.verb == Verb::edit ? config::with_option(service, name.text(), edit.value)
                                     : without_options(service, name);
    default:
      return step.verb == Verb::edit ? config::with_override(service, name.text(), edit.value)
                                     : without_settings(service, name);
  }
}

// Applies one step of -F, -P or -O, or one of -M that is no clone and no renaming.
class ServiceStep {
 public:
  ServiceStep(const Step& step, Draft& draft, Condition condition, Output& output)
      : step_(step), draft_(draft), condition_(std::move(condition)), output_(output) {}

  Result<void> read() {
    for (const auto& word : step_.words) {
      auto edit = read_service_edit(word, step_);
      if (!edit) return fail(edit.error());
      edits_.push_back(std::move(*edit));
    }
    return {};
  }

  std::vector<ServiceEdit>& edits() { return edits_; }

  // -M: the first entry that fits becomes the new one, any other goes.
  Result<void> change_entries() {
    const EditIndex index(edits_);
    std::vector<Change> changes;
    for (const auto& entry : entries()) {
      const auto numbers = index.for_entry(head_of(entry.text));
      if (numbers.empty()) continue;
      if (!is_meant(entry)) {
        for (const auto number : numbers) edits_[number].is_excluded = true;
        continue;
      }
      Change change{step_.verb == Verb::comment_out ? Change::Kind::comment_out : Change::Kind::erase, entry};
      bool is_same = false;
      for (const auto number : numbers) {
        auto& edit = edits_[number];
        if (edit.entry && !edit.pattern.matched) {
          change.kind = Change::Kind::rewrite;
          is_same = step_.gently && says_the_same(entry, *edit.entry);
          change.text = config::folded(*edit.entry);
        } else if (edit.entry) {
          change.kind = Change::Kind::erase;
        }
        edit.pattern.matched = true;
      }
      if (!is_same) changes.push_back(std::move(change));
    }
    draft_.master().apply(changes);
    for (const auto& edit : edits_) {
      if (edit.pattern.matched) continue;
      const bool is_new = edit.entry && !edit.is_excluded;
      if (is_new) draft_.master().append(config::folded(*edit.entry));
      output_.missing = output_.missing || !is_new;
    }
    return {};
  }

  // As Postfix does, a rewritten entry stands behind the comments that stood in or behind it.
  Result<void> change_parts() {
    const EditIndex index(edits_);
    std::vector<Change> changes;
    const auto all = draft_.master().logical();
    auto next = all.begin();
    for (auto& entry : entries()) {
      const auto numbers = index.for_entry(head_of(entry.text));
      if (numbers.empty()) continue;
      if (!is_meant(entry)) {
        for (const auto number : numbers) edits_[number].is_excluded = true;
        continue;
      }
      auto text = changed(entry, numbers);
      if (!text) return fail(text.error());
      if (text->empty()) continue;
      next = std::find_if(next, all.end(), [&](const Logical& one) { return one.begin > entry.begin; });
      entry.end = next == all.end() ? draft_.master().height() : next->begin;
      changes.push_back(
          {Change::Kind::rewrite, std::move(entry), std::move(*text), config::Comments::in_front});
    }
    draft_.master().apply(changes);
    return {};
  }

  void warn_of_unmatched() {
    for (const auto& edit : edits_) {
      if (edit.pattern.matched) continue;
      output_.missing = true;
      output_.warn(concat("unmatched service_name/type: \"", edit.pattern.text, "\""));
    }
  }

 private:
  // All of them; or only those in force, of which the last of a name is one, when what has its value already is to stay.
  std::vector<Logical> entries() const {
    auto all = draft_.master().logical();
    if (!step_.gently || step_.verb != Verb::edit) return all;
    std::set<std::string> seen;
    const auto is_replaced = [&](const Logical& entry) {
      const auto head = head_of(entry.text);
      return !seen.insert(concat(head.name, "/", head.type)).second;
    };
    all.erase(all.begin(), std::remove_if(all.rbegin(), all.rend(), is_replaced).base());
    return all;
  }

  // Whether --where lets the entry in; one that cannot be read fits nothing.
  bool is_meant(const Logical& entry) const {
    if (condition_.is_always()) return true;
    const auto service = config::parse_service(entry.text);
    return service && condition_.fits(*service);
  }

  static bool says_the_same(const Logical& entry, const Service& service) {
    const auto now = config::parse_service(entry.text);
    return now && config::one_line(*now) == config::one_line(service);
  }

  // The entry as these edits make it; empty when it is to stay as it is.
  Result<std::string> changed(const Logical& entry, const std::vector<std::size_t>& numbers) {
    auto service = config::parse_service(entry.text);
    if (!service) {
      return invalid(concat(draft_.master_path(), ", line ", entry.begin + 1, ": ", service.error().text));
    }
    std::string comments;
    for (const auto number : numbers) {
      auto& edit = edits_[number];
      edit.pattern.matched = true;
      if (step_.gently && step_.verb == Verb::edit && is_in_force(*service, edit, step_.space)) continue;
      if (step_.verb != Verb::edit && !has(*service, edit, step_.space)) output_.missing = true;
      auto next = edited(*service, edit, step_);
      if (!next) return fail(next.error());
      if (step_.verb == Verb::comment_out) comments += comments_on(*service, edit.pattern.third, step_.space);
      service = std::move(*next);
    }
    if (step_.gently && says_the_same(entry, *service)) return std::string();
    return with_comments(config::folded(*service), comments, step_.space);
  }

  const Step& step_;
  Draft& draft_;
  Condition condition_;
  Output& output_;
  std::vector<ServiceEdit> edits_;
};

}  // namespace

Result<void> edit_services(const Step& step, const Request& request, Draft& draft, Output& output) {
  if (step.verb == Verb::clone) return clone_services(step, draft, output);
  if (step.verb == Verb::rename) return rename_services(step, draft, output);
  auto condition = condition_of(request);
  if (!condition) return fail(condition.error());
  ServiceStep one(step, draft, std::move(*condition), output);
  if (auto read = one.read(); !read) return read;
  if (step.verb == Verb::uncomment) return uncomment_services(step, one.edits(), draft, output);
  if (step.space == Space::services) return one.change_entries();
  if (auto changed = one.change_parts(); !changed) return changed;
  if (request.create && step.verb == Verb::edit) {
    if (auto created = create_services(step, one.edits(), draft, output); !created) return created;
  }
  one.warn_of_unmatched();
  return {};
}

}  // namespace postern::postconf
