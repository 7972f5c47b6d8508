#include "lib/daemon/own_page.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/text.h"
#include "lib/base/time.h"

namespace postern::daemon {

using scoreboard::copy_name;
using scoreboard::Kind;
using scoreboard::kPage;
using scoreboard::Page;
using scoreboard::Value;

OwnPage::OwnPage() : private_(std::make_unique<Page>()), page_(private_.get()) {}

Result<OwnPage> OwnPage::open(int fd, unsigned slot, std::string_view program, std::string_view service,
                              std::uint32_t generation) {
  if (slot >= kSlots) return fail(Errc::invalid, concat("no such scoreboard slot: ", slot));
  struct stat found {};
  if (::fstat(fd, &found) != 0) return fail_errno("look at the scoreboard", errno);
  if (static_cast<std::size_t>(found.st_size) < scoreboard::kSize) {
    return fail(Errc::invalid, "the scoreboard is too small");
  }
  auto memory = Mapping::map(fd, scoreboard::offset_of(slot), kPage, Mapping::Access::write);
  if (!memory) return fail(memory.error());
  OwnPage own;
  own.memory_ = std::move(*memory);
  own.private_.reset();
  own.page_ = reinterpret_cast<Page*>(own.memory_.at(0));
  scoreboard::empty_values(*own.page_);
  copy_name(own.page_->program, program);
  copy_name(own.page_->service, service);
  own.page_->generation = generation;
  own.page_->state = State::starting;
  own.page_->started = wall_micros();
  own.page_->pid.store(static_cast<std::uint32_t>(::getpid()), std::memory_order_release);
  return own;
}

Counter OwnPage::value(std::string_view name, Kind kind) {
  name = name.substr(0, sizeof(Value::name) - 1);
  for (Value& value : page_->values) {
    if (value.kind.load(std::memory_order_relaxed) == Kind::unused) {
      copy_name(value.name, name);
      value.number = 0;
      value.kind.store(kind, std::memory_order_release);
      return Counter(&value.number);
    }
    if (scoreboard::read_name(value.name) == name) return Counter(&value.number);
  }
  return Counter();
}

Label OwnPage::label() {
  for (Value& value : page_->values) {
    if (value.kind.load(std::memory_order_relaxed) != Kind::unused) continue;
    copy_name(value.name, "");
    value.kind.store(Kind::hidden, std::memory_order_release);
    return Label(&value);
  }
  return Label();
}

void Label::set(std::string_view name, std::uint64_t number) {
  if (value_ == nullptr) return;
  value_->kind.store(Kind::hidden, std::memory_order_seq_cst);
  if (name.empty()) return copy_name(value_->name, name);
  copy_name(value_->name, name);
  value_->number.store(number, std::memory_order_relaxed);
  value_->kind.store(Kind::gauge, std::memory_order_release);
}

}  // namespace postern::daemon
