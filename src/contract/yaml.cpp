#include "contract/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace freshet::contract {
namespace {

YamlNode make_node(YamlNode::Kind kind, int line) {
  YamlNode node;
  node.kind = kind;
  node.line = line;
  return node;
}

// Builds the tree from the parser's events. yaml-cpp's own node tree lets duplicate keys pass and follows
// aliases.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view file) : file_(file) {}

  YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    place(mark, make_node(YamlNode::Kind::null, line_of(mark)));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw yaml_error(file_, line_of(mark), "an alias (*name) is not read here", "write the value out");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    // "?" marks a plain scalar, "!" a quoted one; the parser also asks for "!" itself where that is written.
    if (tag != "?" && tag != "!") refuse_tag(mark, tag);
    const bool quoted = tag == "!";
    if (!quoted && (value == "~" || value == "null" || value.empty())) {
      OnNull(mark, anchor);
      return;
    }
    YamlNode node = make_node(YamlNode::Kind::scalar, line_of(mark));
    node.text = value;
    node.quoted = quoted;
    place(mark, std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNode node;
    bool has_key = false;
    std::string key;
    int key_line = 0;
  };

  static int line_of(const YAML::Mark& mark) { return mark.line + 1; }

  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) const {
    if (anchor == YAML::NullAnchor) return;
    throw yaml_error(file_, line_of(mark), "an anchor (&name) is not read here",
                     "write the value out where it is used");
  }
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) const {
    throw yaml_error(file_, line_of(mark), fmt::format("the tag {} is not read here", tag),
                     "leave the tag out");
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlNode::Kind kind) {
    refuse_anchor(mark, anchor);
    if (tag != "?" && !tag.empty()) refuse_tag(mark, tag);
    if (open_.size() >= static_cast<std::size_t>(kYamlDepthMax)) {
      throw yaml_error(file_, line_of(mark), fmt::format("nested deeper than {} levels", kYamlDepthMax),
                       "flatten it");
    }
    if (!open_.empty() && open_.back().node.kind == YamlNode::Kind::map && !open_.back().has_key) {
      throw yaml_error(file_, line_of(mark), "a key has to be a word or text", "quote the key");
    }
    open_.emplace_back();
    open_.back().node = make_node(kind, line_of(mark));
  }

  void close() {
    YamlNode done = std::move(open_.back().node);
    open_.pop_back();
    attach(std::move(done));
  }

  void place(const YAML::Mark& mark, YamlNode node) {
    const bool is_key =
        !open_.empty() && open_.back().node.kind == YamlNode::Kind::map && !open_.back().has_key;
    if (is_key) {
      begin_entry(mark, node);
    } else {
      attach(std::move(node));
    }
  }

  void begin_entry(const YAML::Mark& mark, const YamlNode& key) {
    Open& map = open_.back();
    if (key.kind != YamlNode::Kind::scalar) {
      throw yaml_error(file_, line_of(mark), "a key is missing before ':'", "name the key");
    }
    for (const auto& entry : map.node.entries) {
      if (entry.key != key.text) continue;
      throw yaml_error(file_, line_of(mark),
                       fmt::format("'{}' is written twice, first in line {}", key.text, entry.line),
                       "keep one of them");
    }
    map.has_key = true;
    map.key = key.text;
    map.key_line = line_of(mark);
  }

  void attach(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.items.size() + parent.node.entries.size() >= kYamlEntriesMax) {
      throw yaml_error(file_, node.line, fmt::format("more than {} entries", kYamlEntriesMax), "split it");
    }
    if (parent.node.kind == YamlNode::Kind::list) {
      parent.node.items.push_back(std::move(node));
      return;
    }
    parent.node.entries.push_back({std::move(parent.key), parent.key_line, std::move(node)});
    parent.has_key = false;
  }

  std::string_view file_;
  YamlNode root_;
  std::vector<Open> open_;
};

bool safe_plain_scalar(std::string_view text) {
  if (text.empty() || text.size() > 120 || text.front() == ' ' || text.back() == ' ') return false;
  if (!std::isalpha(static_cast<unsigned char>(text.front())) && text.front() != '/') return false;
  for (const char* word : {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}) {
    const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
    if (std::equal(text.begin(), text.end(), word, word + std::string_view(word).size(), same)) return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view(" _-./()@+").find(c) != std::string_view::npos;
  });
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const auto& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

YamlDocument parse_yaml(std::string file, std::string_view text) {
  if (text.size() > kYamlBytesMax) {
    throw yaml_error(file, 1, fmt::format("the file is larger than {} bytes", kYamlBytesMax), "split it");
  }
  std::istringstream stream{std::string(text)};
  TreeBuilder builder(file);
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder))
      throw yaml_error(file, 1, "the file is empty", "see docs/contracts.md");
    if (parser)
      throw yaml_error(file, 1, "the file holds more than one document", "remove the '---' in its middle");
  } catch (const YAML::Exception& error) {
    throw yaml_error(file, error.mark.line + 1, error.msg, "the file has to be valid YAML");
  }
  return {std::move(file), builder.take()};
}

YamlDocument read_yaml_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(ErrorKind::config, fmt::format("{} can't be read", path), "does the file exist?");
  std::string text(kYamlBytesMax + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return parse_yaml(path, text);
}

Error yaml_error(std::string_view file, int line, std::string_view problem, std::string hint) {
  return {ErrorKind::config, fmt::format("{}:{}: {}", file, line, problem), std::move(hint)};
}

std::string yaml_scalar(std::string_view text) {
  if (safe_plain_scalar(text)) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += fmt::format("\\x{:02x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace freshet::contract
