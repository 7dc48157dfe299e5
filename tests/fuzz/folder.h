// A journal's folder as one string of bytes, so that a fuzzer can change it: files in a row, each with a byte
// that says which one it is, u32 size and content. Sizes beyond the end mean what is left.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace freshet::fuzz {

// Lays the files out below `directory`. Checksums are made right first, unless the first byte says to leave
// them: damage that a checksum finds is soon found, the code behind it would never be reached.
void unpack_folder(std::string_view bytes, const std::filesystem::path& directory);

// The other way, with the checksums as they are.
std::string pack_folder(const std::filesystem::path& directory);

}  // namespace freshet::fuzz
