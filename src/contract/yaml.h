// A YAML file as a tree that remembers where everything stands, so that every complaint can name file and
// line. Stricter than YAML: duplicate keys, anchors, aliases, tags and a second document are refused, since
// each of them makes a reviewed file mean something else than it seems to say. Immutable once parsed; any
// thread may read it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace freshet::contract {

// A longer file isn't one that somebody wrote. 400 columns with descriptions take about 100 kB.
inline constexpr std::size_t kYamlBytesMax = 4 << 20;
inline constexpr int kYamlDepthMax = 32;
// Of one map or list. PostgreSQL's tables have 1600 columns at most.
inline constexpr std::size_t kYamlEntriesMax = 4096;

struct YamlNode {
  enum class Kind { null, scalar, list, map };
  struct Entry;

  Kind kind = Kind::null;
  std::string text;             // of a scalar
  bool quoted = false;          // "5" and '5' are text, 5 is a number
  std::vector<YamlNode> items;  // of a list
  std::vector<Entry> entries;   // of a map, in the order of the file
  int line = 0;                 // from 1

  const YamlNode* find(std::string_view key) const;
};

struct YamlNode::Entry {
  std::string key;
  int line = 0;
  YamlNode value;
};

// A parsed file, and the voice in which it complains.
struct YamlDocument {
  std::string file;
  YamlNode root;
};

// `file` is only a name here. Throws Error{config} with file and line.
YamlDocument parse_yaml(std::string file, std::string_view text);
YamlDocument read_yaml_file(const std::string& path);

// Error{config, "file:line: problem", hint}.
Error yaml_error(std::string_view file, int line, std::string_view problem, std::string hint);

// The text as a YAML scalar that reads back as the same text: plain where that is safe, double-quoted
// elsewhere.
std::string yaml_scalar(std::string_view text);

}  // namespace freshet::contract
