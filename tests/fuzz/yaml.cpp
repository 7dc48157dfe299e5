// The bytes are a project's file: pipeline.yaml or a contract. A contract that is accepted is the same when
// it has been written and read again, and any text survives as a scalar.
#include "contract/yaml.h"

#include <functional>

#include "base/check.h"
#include "base/utf8.h"
#include "contract/contract.h"
#include "contract/project.h"
#include "fuzz/targets.h"

namespace freshet::fuzz {
namespace {

using namespace contract;

constexpr const char* kFile = "fuzzed.yaml";

// What the file has to say, without where it says it.
bool same(const ColumnContract& a, const ColumnContract& b) {
  return a.name == b.name && a.type == b.type && a.nullable == b.nullable &&
         a.key_position == b.key_position && a.clickhouse_type == b.clickhouse_type &&
         a.null_when == b.null_when && a.classification == b.classification && a.description == b.description;
}

bool same(const StreamContract& a, const StreamContract& b) {
  return a.source == b.source && a.mirror == b.mirror && a.version == b.version && a.owner == b.owner &&
         a.description == b.description && a.on_delete == b.on_delete && a.on_violation == b.on_violation &&
         a.mode == b.mode && a.every == b.every && a.lookups == b.lookups && a.freshness == b.freshness &&
         std::equal(a.columns.begin(), a.columns.end(), b.columns.begin(), b.columns.end(),
                    [](const auto& x, const auto& y) { return same(x, y); });
}

// Whether the file was accepted; nobody but its writer is to blame when not, and hears where.
bool accepted(const std::function<void()>& read) try {
  read();
  return true;
} catch (const Error& error) {
  CHECK(error.kind() == ErrorKind::config);
  CHECK(error.message().starts_with(std::string(kFile) + ":"));
  return false;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void survives_as_scalar(std::string_view text) {
  if (!is_utf8(text) || text.size() > kYamlBytesMax / 8) return;
  const YamlDocument document = parse_yaml(kFile, "text: " + yaml_scalar(text) + "\n");
  CHECK(document.root.entries.size() == 1);
  const YamlNode& value = document.root.entries[0].value;
  CHECK(value.kind == YamlNode::Kind::scalar);
  CHECK(value.text == text);
}

std::size_t nodes_of(const YamlNode& node) {
  std::size_t count = 1;
  for (const YamlNode& item : node.items) count += nodes_of(item);
  for (const YamlNode::Entry& entry : node.entries) count += 1 + nodes_of(entry.value);
  return count;
}

}  // namespace

void yaml(std::string_view bytes) {
  survives_as_scalar(bytes);
  YamlDocument document;
  if (!accepted([&] { document = parse_yaml(kFile, bytes); })) return;
  CHECK(nodes_of(document.root) <= 2 * bytes.size() + 1);
  accepted([&] { parse_project(document); });
  StreamContract contract;
  if (!accepted([&] { contract = parse_contract(document); })) return;
  CHECK(same(contract, parse_contract(parse_yaml(kFile, contract_yaml(contract)))));
}

}  // namespace freshet::fuzz
