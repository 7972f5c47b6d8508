#include "postconf/tls_facts.h"

#include <dlfcn.h>
#include <openssl/opensslv.h>

#include <memory>
#include <utility>

#include "lib/base/text.h"

namespace postern::postconf {

namespace {

constexpr const char* kLibrary = "libcrypto.so.3";

struct Close {
  void operator()(void* library) const { ::dlclose(library); }
};
using Library = std::unique_ptr<void, Close>;

Result<Library> load() {
  Library library(::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL));
  if (library) return library;
  return fail(Errc::not_found, concat("cannot load the TLS library: ", ::dlerror()));
}

template <class Function>
Function function(const Library& library, const char* name) {
  return reinterpret_cast<Function>(::dlsym(library.get(), name));
}

Result<bool> show_version(Output& output) {
  const auto library = load();
  if (!library) return fail(library.error());
  const auto version = function<const char* (*)(int)>(*library, "OpenSSL_version");
  if (version == nullptr) return fail(Errc::not_found, concat(kLibrary, ": it does not tell its version"));
  output.line(version(0));
  return true;
}

// Those of the kinds of keys that certificates use for which the library has code.
Result<bool> show_algorithms(Output& output) {
  constexpr std::pair<const char*, const char*> kAlgorithms[] = {
      {"dsa", "DSA"}, {"ecdsa", "EC"}, {"rsa", "RSA"}};
  const auto library = load();
  if (!library) return fail(library.error());
  const auto fetch = function<void* (*)(void*, const char*, const char*)>(*library, "EVP_KEYMGMT_fetch");
  const auto free = function<void (*)(void*)>(*library, "EVP_KEYMGMT_free");
  if (fetch == nullptr || free == nullptr)
    return fail(Errc::not_found, concat(kLibrary, ": it does not tell what it has"));
  for (const auto& [name, type] : kAlgorithms) {
    void* found = fetch(nullptr, type, nullptr);
    if (found != nullptr) output.line(name);
    free(found);
  }
  return true;
}

}  // namespace

Result<bool> show_tls_fact(std::string_view fact, Output& output) {
  if (fact == "compile-version") {
    output.line(OPENSSL_VERSION_TEXT);
    return true;
  }
  if (fact == "run-version") return show_version(output);
  if (fact == "public-key-algorithms") return show_algorithms(output);
  output.warn(concat("unknown 'postconf -T' mode: ", fact));
  return false;
}

}  // namespace postern::postconf
