// How master knows a program that keeps the contract by itself from one that must be held to it: a program that
// has run() of service.h carries an ELF note, which lies in its file beside those of the compiler and stays there
// when the symbols are stripped. Whatever does not carry it, a script or a program of somebody else, would start
// as root although its entry of master.cf says otherwise: it is started through support/launch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::daemon {

// As in the note that skeleton.cpp puts into a program.
inline constexpr std::string_view kMarkName{"Postern", 8};  // with the zero at its end
inline constexpr std::uint32_t kMarkType = 1;
inline constexpr std::uint32_t kContractVersion = 1;

// True when the program at this path carries our mark, of this version of the contract. False also when the
// file cannot be read or is no ELF file of this machine.
bool carries_mark(const std::string& path);

}  // namespace postern::daemon
