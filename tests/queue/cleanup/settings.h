// Settings from lines of main.cf, and the tables that they name.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "lib/config/main_cf.h"
#include "lib/config/settings.h"
#include "lib/table/rewrite.h"

namespace postern::cleanup::testing {

inline config::HostFacts test_host() {
  config::HostFacts host;
  host.hostname = "mx.home.example";
  return host;
}

inline config::Settings settings(const std::string& main_cf) {
  auto parsed = config::MainCf::parse(
      "myhostname = mx.home.example\nmyorigin = home.example\nmydestination = home.example\n"
      "recipient_delimiter = +\n" +
          main_cf,
      "main.cf");
  REQUIRE(parsed);
  return config::Settings(std::move(*parsed), {}, test_host());
}

inline std::unique_ptr<table::Rewriter> rewriter(const std::string& main_cf) {
  auto opened = table::Rewriter::open(settings(main_cf), test_host());
  if (!opened) FAIL(opened.error().text);
  return std::move(*opened);
}

}  // namespace postern::cleanup::testing
