#include "postconf/change.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/config/standards.h"
#include "lib/control/reload.h"
#include "postconf/apply.h"
#include "postconf/draft.h"
#include "postconf/history.h"
#include "postconf/judge.h"
#include "postconf/main_edit.h"
#include "postconf/names.h"
#include "postconf/service_edit.h"

namespace postern::postconf {

namespace {

Draft::Files files_of(const Request& request, const std::vector<Step>& steps) {
  const auto is_main = [](const Step& step) { return step.space == Space::main; };
  if (request.task == Task::undo || request.reload) return Draft::Files::both;
  if (std::all_of(steps.begin(), steps.end(), is_main)) return Draft::Files::main;
  return std::none_of(steps.begin(), steps.end(), is_main) ? Draft::Files::master : Draft::Files::both;
}

// Says why not, if a condition does not hold.
Result<bool> conditions_hold(const Request& request, const Draft& draft, Output& output) {
  for (const auto& [name, wanted] : request.conditions) {
    const auto present = present_value(draft, name);
    if (!present) return fail(present.error());
    if (present->empty() && space_of(name) == Space::main && !config::standard_value(name)) {
      output.remark(concat("--if: nothing is called ", name));
    }
    if (in_one_line(*present) == in_one_line(wanted)) continue;
    output.warn(concat("not changed: ", name, " is \"", in_one_line(*present), "\", not \"",
                       in_one_line(wanted), "\""));
    return false;
  }
  return true;
}

// What -n shows of the directory that was named with -c is nothing to be set.
void drop_own_directory(std::vector<Step>& steps, const std::string& directory) {
  for (auto& step : steps) std::erase(step.words, concat("config_directory=", directory));
  std::erase_if(steps, [](const Step& step) { return step.words.empty(); });
}

Result<void> take_steps(const std::vector<Step>& steps, const Request& request, Draft& draft,
                        Output& output) {
  for (const auto& step : steps) {
    const bool missed = std::exchange(output.missing, false);
    auto done = step.space == Space::main ? edit_main(step, draft, output)
                                          : edit_services(step, request, draft, output);
    if (!done) return done;
    if (step.gently && step.verb == Verb::edit && output.missing)
      return fail(Errc::not_found, "nothing was changed");
    // What is to go and is not there is as it should be.
    output.missing = missed || (output.missing && !step.gently);
  }
  return {};
}

// Notes in `record` what it takes back.
Result<void> take_back(const Record& edit, Draft& draft, Record& record) {
  record.undoes.push_back(edit.number);
  for (const auto& [name, before, after, hunks] : edit.files) {
    const bool is_main = name == "main.cf";
    auto taken = config::take_back(is_main ? draft.main() : draft.master(), hunks,
                                   is_main ? draft.main_path() : draft.master_path());
    if (taken) continue;
    return fail(taken.error().kind,
                concat("edit ", edit.number, " cannot be taken back: ", taken.error().text));
  }
  return {};
}

Result<void> undo(const Request& request, Draft& draft, Record& record, Output& output) {
  const auto edits = records_to_undo(request.directory, std::max<std::size_t>(request.number, 1));
  output.missing = !edits && edits.error().kind == Errc::not_found;
  if (!edits) return fail(edits.error());
  for (const auto& edit : *edits) {
    if (auto taken = take_back(edit, draft, record); !taken) return taken;
  }
  return {};
}

Result<std::vector<Step>> steps_of(const Request& request) {
  if (request.task == Task::undo) return std::vector<Step>();
  if (request.task == Task::edit) return request.steps;
  auto steps = read_steps_of(request.file);
  if (steps) drop_own_directory(*steps, request.directory);
  return steps;
}

Result<void> write(Draft& draft, Record record, Output& output) {
  const auto written = draft.commit(std::move(record));
  if (!written) return fail(written.error());
  output.changed = written->has_value();
  if (output.changed && (*written)->number == 0)
    output.warn("this edit is not in the history, which is not ours to write");
  return {};
}

// Puts back what stood in the files before the edit of this record.
Result<void> put_back(const std::string& directory, const Record& edit) {
  auto draft = Draft::open(directory, Draft::Files::both, Draft::Purpose::write);
  if (!draft) return fail(draft.error());
  Record record;
  record.command = {"--reload"};
  if (auto taken = take_back(edit, *draft, record); !taken) return taken;
  const auto written = draft->commit(std::move(record));
  return written ? Result<void>() : fail(written.error());
}

// All that can be known before is known before: then the files change, and master says whether it takes them.
Result<void> write_and_reload(Draft& draft, Record record, Output& output) {
  const auto directory = draft.directory();
  const auto system = control::MailSystem::open(directory);
  if (!system) return fail(system.error());
  if (const auto master = system->running_master(); !master) {
    return fail(master.error().kind, concat("nothing was changed: ", master.error().text));
  }
  if (auto good = refuse_errors(draft, output); !good) return good;
  const auto written = draft.commit(std::move(record));
  if (!written) return fail(written.error());
  output.changed = written->has_value();
  const auto reloaded = control::reload(*system);
  if (reloaded || !*written) return reloaded ? Result<void>() : fail(reloaded.error());
  output.changed = false;
  if (auto back = put_back(directory, **written); !back) {
    return fail(back.error().kind,
                concat("not reloaded: ", reloaded.error().text, "; and the edit stays: ", back.error().text));
  }
  const auto again = control::reload(*system);
  const std::string also = again ? "" : concat("; with the old files: ", again.error().text);
  return fail(reloaded.error().kind, concat("taken back: ", reloaded.error().text, also));
}

}  // namespace

Result<void> change(const Request& request, Output& output) {
  const auto steps = steps_of(request);
  if (!steps) return fail(steps.error());
  const bool only_shows = request.dry_run || request.check;
  auto draft = Draft::open(request.directory, files_of(request, *steps),
                           only_shows ? Draft::Purpose::show : Draft::Purpose::write);
  if (!draft) return fail(draft.error());
  const auto hold = conditions_hold(request, *draft, output);
  if (!hold) return fail(hold.error());
  if (!*hold) return {};
  Record record;
  record.command = request.command;
  auto done = request.task == Task::undo ? undo(request, *draft, record, output)
                                         : take_steps(*steps, request, *draft, output);
  if (!done) return done;
  if (request.dry_run) output.out += draft->difference();
  output.changed = !draft->edits().empty();
  if (request.check) return judge_draft(request, *draft, output);
  if (request.dry_run) return {};
  return request.reload ? write_and_reload(*draft, std::move(record), output)
                        : write(*draft, std::move(record), output);
}

}  // namespace postern::postconf
