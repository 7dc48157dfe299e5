// MapReader: reads a YAML map key by key, and refuses at the end what nobody asked for. Every complaint names
// file, line and what to write instead.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/yaml.h"

namespace freshet::contract {

class MapReader {
 public:
  // what: the map's name in complaints, "source" or "a column of 'schema'". `file` and `node` must outlive
  // it.
  MapReader(const std::string& file, const YamlNode& node, std::string what);

  int line() const { return node_.line; }
  const std::string& file() const { return file_; }

  // Absent and null are the same: nullptr. Marks the key as known.
  const YamlNode* find(std::string_view key);
  const YamlNode& require(std::string_view key, std::string_view hint);

  std::string text(std::string_view key, std::string_view hint);
  std::optional<std::string> optional_text(std::string_view key);
  bool boolean(std::string_view key, bool otherwise);
  std::int64_t integer(std::string_view key, std::int64_t otherwise, std::int64_t min, std::int64_t max);
  std::chrono::milliseconds duration(std::string_view key, std::chrono::milliseconds otherwise,
                                     std::chrono::milliseconds min, std::chrono::milliseconds max);
  std::uint64_t bytes(std::string_view key, std::uint64_t otherwise, std::uint64_t min, std::uint64_t max);
  // "10%": a whole number from 0 to 100, and the sign.
  int percent(std::string_view key, int otherwise);
  std::vector<std::string> texts(std::string_view key);

  // A map of texts; the complaint's example: "orders: topic".
  std::map<std::string, std::string> pairs(std::string_view key, std::string_view example);

  // Keys that others read, and Freshet doesn't.
  void allow(std::initializer_list<std::string_view> keys);
  // Call last: complains about the first key that wasn't asked for, proposing the nearest known one.
  void refuse_others() const;

  [[noreturn]] void fail(int line, std::string_view problem, std::string hint) const;

 private:
  const std::string& file_;
  const YamlNode& node_;
  std::string what_;
  std::vector<std::string> known_;
};

// The text of a scalar; anything else is refused.
std::string scalar_text(const std::string& file, const YamlNode& node, std::string_view what);

// One of `words`; the complaint lists them. Returns its index.
std::size_t one_of(const std::string& file, const YamlNode& node, std::string_view what,
                   std::initializer_list<std::string_view> words);

// The candidate that `word` was probably meant to be (at most a third of its letters differ), or empty.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace freshet::contract
