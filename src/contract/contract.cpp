#include "contract/contract.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "contract/reader.h"

namespace freshet::contract {

std::string to_string(const TableName& name) {
  return name.schema + "." + name.table;
}

const ColumnContract* StreamContract::find(std::string_view column) const {
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const auto& c) { return c.name == column; });
  return found == columns.end() ? nullptr : &*found;
}

std::vector<const ColumnContract*> StreamContract::key() const {
  std::vector<const ColumnContract*> key;
  for (const auto& column : columns) {
    if (column.in_key()) key.push_back(&column);
  }
  std::sort(key.begin(), key.end(), [](auto* a, auto* b) { return a->key_position < b->key_position; });
  return key;
}

namespace {

// A stream goes by schema.table everywhere, so "a.b"."c" and "a"."b.c" can't both be one.
[[noreturn]] void refuse_stream(const StreamContract& contract, const StreamContract& other) {
  if (contract.source == other.source)
    throw yaml_error(contract.file, contract.line,
                     fmt::format("{} has a contract already, {}", to_string(contract.source), other.file),
                     "keep one of them");
  throw yaml_error(
      contract.file, contract.line,
      fmt::format("the stream's name {} is that of the table \"{}\".\"{}\" ({}) already",
                  to_string(contract.source), other.source.schema, other.source.table, other.file),
      "keep one of them, or rename one of the tables");
}

}  // namespace

void name_mirrors(std::vector<StreamContract>& contracts) {
  std::map<std::string, int> tables;
  for (const auto& contract : contracts) ++tables[contract.source.table];
  std::map<std::string, const StreamContract*> streams;
  std::map<std::string, const StreamContract*> mirrors;
  for (auto& contract : contracts) {
    const bool named_by_rule = contract.mirror == contract.source.table;
    if (named_by_rule && tables[contract.source.table] > 1) {
      contract.mirror = contract.source.schema + "__" + contract.source.table;
    }
    const auto [stream, new_stream] = streams.emplace(to_string(contract.source), &contract);
    if (!new_stream) refuse_stream(contract, *stream->second);
    const auto [mirror, new_mirror] = mirrors.emplace(contract.mirror, &contract);
    if (!new_mirror) {
      throw yaml_error(contract.file, contract.line,
                       fmt::format("the mirror '{}' is {}'s already ({})", contract.mirror,
                                   to_string(mirror->second->source), mirror->second->file),
                       "give one of them another 'name'");
    }
  }
}

std::vector<std::filesystem::path> contract_files(const std::filesystem::path& project_dir) {
  const auto dir = project_dir / "contracts";
  std::error_code failed;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(dir, failed)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
    if (entry.path().extension() != ".yml") continue;
    throw Error(ErrorKind::config, fmt::format("{} would not be read", entry.path().string()),
                "rename it to .yaml");
  }
  if (failed || files.empty()) {
    throw Error(ErrorKind::config, fmt::format("{} holds no contract", dir.string()),
                "`freshet init DIR --source URL` writes one for each table");
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<StreamContract> load_contracts(const std::filesystem::path& project_dir) {
  const std::vector<std::filesystem::path> files = contract_files(project_dir);
  std::vector<StreamContract> contracts;
  contracts.reserve(files.size());
  for (const auto& file : files) contracts.push_back(parse_contract(read_yaml_file(file.string())));
  name_mirrors(contracts);
  return contracts;
}

}  // namespace freshet::contract
