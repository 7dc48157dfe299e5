#include "contract/reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "contract/units.h"

namespace freshet::contract {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row.back();
}

}  // namespace

MapReader::MapReader(const std::string& file, const YamlNode& node, std::string what)
    : file_(file), node_(node), what_(std::move(what)) {
  if (node.kind != YamlNode::Kind::map)
    fail(node.line, what_ + " has to be a map of keys and values", "write 'key: value' lines");
}

void MapReader::fail(int line, std::string_view problem, std::string hint) const {
  throw yaml_error(file_, line, problem, std::move(hint));
}

const YamlNode* MapReader::find(std::string_view key) {
  known_.emplace_back(key);
  const YamlNode* node = node_.find(key);
  return node == nullptr || node->kind == YamlNode::Kind::null ? nullptr : node;
}

const YamlNode& MapReader::require(std::string_view key, std::string_view hint) {
  const YamlNode* node = find(key);
  if (node == nullptr) fail(node_.line, fmt::format("{} lacks '{}'", what_, key), std::string(hint));
  return *node;
}

std::string MapReader::text(std::string_view key, std::string_view hint) {
  std::string text = scalar_text(file_, require(key, hint), key);
  if (text.empty()) fail(node_.find(key)->line, fmt::format("'{}' is empty", key), std::string(hint));
  return text;
}

std::optional<std::string> MapReader::optional_text(std::string_view key) {
  const YamlNode* node = find(key);
  if (node == nullptr) return std::nullopt;
  return scalar_text(file_, *node, key);
}

bool MapReader::boolean(std::string_view key, bool otherwise) {
  const YamlNode* node = find(key);
  if (node == nullptr) return otherwise;
  return one_of(file_, *node, key, {"false", "true"}) == 1;
}

std::int64_t MapReader::integer(std::string_view key, std::int64_t otherwise, std::int64_t min,
                                std::int64_t max) {
  const YamlNode* node = find(key);
  if (node == nullptr) return otherwise;
  const std::string text = scalar_text(file_, *node, key);
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size() || value < min || value > max) {
    fail(node->line, fmt::format("'{}' is '{}'", key, text),
         fmt::format("write a whole number from {} to {}", min, max));
  }
  return value;
}

std::chrono::milliseconds MapReader::duration(std::string_view key, std::chrono::milliseconds otherwise,
                                              std::chrono::milliseconds min, std::chrono::milliseconds max) {
  const YamlNode* node = find(key);
  if (node == nullptr) return otherwise;
  const std::string text = scalar_text(file_, *node, key);
  const auto value = parse_duration(text);
  if (!value || *value < min || *value > max) {
    fail(node->line, fmt::format("'{}' is '{}'", key, text),
         fmt::format("write a duration such as 500ms, 5s, 10m, 1h or 7d, from {} to {}", format_duration(min),
                     format_duration(max)));
  }
  return *value;
}

std::uint64_t MapReader::bytes(std::string_view key, std::uint64_t otherwise, std::uint64_t min,
                               std::uint64_t max) {
  const YamlNode* node = find(key);
  if (node == nullptr) return otherwise;
  const std::string text = scalar_text(file_, *node, key);
  const auto value = parse_bytes(text);
  if (!value || *value < min || *value > max) {
    fail(node->line, fmt::format("'{}' is '{}'", key, text),
         fmt::format("write a size such as 256MiB or 20GB, from {} to {}", format_bytes(min),
                     format_bytes(max)));
  }
  return *value;
}

int MapReader::percent(std::string_view key, int otherwise) {
  const YamlNode* node = find(key);
  if (node == nullptr) return otherwise;
  const std::string text = scalar_text(file_, *node, key);
  if (const auto value = parse_percent(text)) return *value;
  fail(node->line, fmt::format("'{}' is '{}'", key, text), "write a share from 0% to 100%, for instance 10%");
}

std::vector<std::string> MapReader::texts(std::string_view key) {
  const YamlNode* node = find(key);
  if (node == nullptr) return {};
  if (node->kind != YamlNode::Kind::list)
    fail(node->line, fmt::format("'{}' has to be a list", key), "write [a, b]");
  std::vector<std::string> texts;
  for (const YamlNode& item : node->items) {
    std::string text = scalar_text(file_, item, key);
    if (std::find(texts.begin(), texts.end(), text) != texts.end()) {
      fail(item.line, fmt::format("'{}' lists '{}' twice", key, text), "keep one of them");
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

std::map<std::string, std::string> MapReader::pairs(std::string_view key, std::string_view example) {
  const YamlNode* node = find(key);
  if (node == nullptr) return {};
  if (node->kind != YamlNode::Kind::map)
    fail(node->line, fmt::format("'{}' has to be a map", key), fmt::format("write {{{}}}", example));
  std::map<std::string, std::string> pairs;
  for (const YamlNode::Entry& entry : node->entries)
    pairs[entry.key] = scalar_text(file_, entry.value, entry.key);
  return pairs;
}

void MapReader::allow(std::initializer_list<std::string_view> keys) {
  for (const auto key : keys) known_.emplace_back(key);
}

void MapReader::refuse_others() const {
  for (const auto& entry : node_.entries) {
    if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
    const std::string meant = nearest(entry.key, known_);
    fail(entry.line, fmt::format("unknown key '{}' in {}", entry.key, what_),
         meant.empty() ? fmt::format("known keys: {}", fmt::join(known_, ", "))
                       : fmt::format("did you mean '{}'?", meant));
  }
}

std::string scalar_text(const std::string& file, const YamlNode& node, std::string_view what) {
  if (node.kind == YamlNode::Kind::scalar) return node.text;
  throw yaml_error(file, node.line, fmt::format("'{}' has to be a single value", what),
                   "write one word, number or text");
}

std::size_t one_of(const std::string& file, const YamlNode& node, std::string_view what,
                   std::initializer_list<std::string_view> words) {
  const std::string text = scalar_text(file, node, what);
  const auto found = std::find(words.begin(), words.end(), text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  throw yaml_error(file, node.line, fmt::format("'{}' is '{}'", what, text),
                   fmt::format("write one of: {}", fmt::join(words, ", ")));
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr std::size_t kWordMax = 128;  // nobody mistypes more, and the distance costs the lengths' product
  std::string best;
  if (word.size() > kWordMax) return best;
  std::size_t best_distance = word.size() / 3 + 1;
  for (const auto& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = candidate;
  }
  return best;
}

}  // namespace freshet::contract
