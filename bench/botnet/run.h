// A run of the simulator: the callers of a plan, each at its time.
#pragma once

#include <string>

#include "bench/botnet/options.h"
#include "bench/botnet/plan.h"
#include "bench/botnet/tally.h"
#include "lib/net/scope.h"

namespace postern::botnet {

class Run {
 public:
  explicit Run(const Options& options) : options_(options), scope_(loop_) {}

  // Holds connections if the options say so; then everybody calls. Returns the report.
  std::string all();

 private:
  net::Task<void> start_all();
  net::Task<void> hold_all();
  net::Task<void> hold_one(std::string source);
  net::Task<void> start_callers();
  net::Task<void> bot(Caller caller);
  net::Task<void> sender(Caller caller);

  Options options_;
  net::Loop loop_;
  Tally tally_;
  std::size_t held_ = 0;
  std::size_t not_held_ = 0;
  std::size_t callers_ = 0;  // at work
  net::Scope scope_;
};

}  // namespace postern::botnet
