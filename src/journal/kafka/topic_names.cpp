#include "journal/kafka/topic_names.h"

#include <fmt/format.h>
#include <xxhash.h>

namespace freshet::journal {
namespace {

constexpr std::size_t kLongest = 249;
constexpr std::size_t kHash = 17;  // "-" and 16 digits

bool is_legal(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.';
}

}  // namespace

std::string TopicNames::of(const std::string& stream) const {
  if (const auto alias = options_.aliases.find(stream); alias != options_.aliases.end()) return alias->second;
  std::string name = options_.prefix + '.' + stream;
  bool altered = name.size() > kLongest;
  for (char& c : name) {
    if (is_legal(c)) continue;
    c = '-';
    altered = true;
  }
  if (!altered) return name;
  name.resize(std::min(name.size(), kLongest - kHash));
  return name + fmt::format("-{:016x}", XXH3_64bits(stream.data(), stream.size()));
}

}  // namespace freshet::journal
