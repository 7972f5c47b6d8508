#include "lib/daemon/mark.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "lib/base/fd.h"

namespace postern::daemon {

namespace {

constexpr std::size_t kMostSegments = 64;
constexpr std::size_t kMostNotes = 4096;  // bytes of one segment that are looked at

template <class T>
bool read_at(int fd, std::uint64_t offset, T& into) {
  return ::pread(fd, &into, sizeof into, static_cast<off_t>(offset)) == static_cast<ssize_t>(sizeof into);
}

bool is_elf_of_this_machine(const ElfW(Ehdr) & header) {
  constexpr unsigned char kClass = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_ident[EI_CLASS] == kClass &&
         header.e_phentsize == sizeof(ElfW(Phdr));
}

constexpr std::size_t padded(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

// The notes of a segment, one behind the other: three numbers, the name, and what it says.
bool has_mark(std::string_view notes) {
  ElfW(Nhdr) note;
  while (notes.size() >= sizeof note) {
    std::memcpy(&note, notes.data(), sizeof note);
    notes.remove_prefix(sizeof note);
    const std::size_t name = padded(note.n_namesz), said = padded(note.n_descsz);
    if (name > notes.size() || said > notes.size() - name) return false;
    std::uint32_t version = 0;
    if (note.n_type == kMarkType && note.n_descsz == sizeof version &&
        notes.substr(0, note.n_namesz) == kMarkName) {
      std::memcpy(&version, notes.data() + name, sizeof version);
      return version == kContractVersion;
    }
    notes.remove_prefix(name + said);
  }
  return false;
}

}  // namespace

bool carries_mark(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  ElfW(Ehdr) header;
  if (!file || !read_at(file.get(), 0, header) || !is_elf_of_this_machine(header)) return false;
  for (std::size_t i = 0; i < header.e_phnum && i < kMostSegments; ++i) {
    ElfW(Phdr) segment;
    if (!read_at(file.get(), header.e_phoff + i * sizeof segment, segment)) return false;
    if (segment.p_type != PT_NOTE || segment.p_filesz > kMostNotes) continue;
    std::array<char, kMostNotes> notes;
    const ssize_t got =
        ::pread(file.get(), notes.data(), segment.p_filesz, static_cast<off_t>(segment.p_offset));
    if (got > 0 && has_mark(std::string_view(notes.data(), static_cast<std::size_t>(got)))) return true;
  }
  return false;
}

}  // namespace postern::daemon
