#include "load/names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cctype>
#include <map>
#include <string>
#include <string_view>

#include "contract/yaml.h"
#include "load/ddl.h"
#include "load/mirror.h"

namespace freshet::load {
namespace {

using contract::StreamContract;

constexpr const char* kOurs = "a column of Freshet's own";

// What it stores beside the columns of a MergeTree, and refuses at CREATE TABLE.
constexpr const char* kOfClickHouse[] = {"_block_number", "_block_offset", "_row_exists"};

[[noreturn]] void refuse(const StreamContract& contract, int line, const std::string& problem,
                         std::string hint) {
  if (contract.file.empty()) throw Error(ErrorKind::config, problem, std::move(hint));  // a draft
  throw contract::yaml_error(contract.file, line, problem, std::move(hint));
}

// The name of its file: bytes other than letters, digits and '_' become three.
std::size_t length_on_disk(std::string_view name) {
  std::size_t length = 0;
  for (const char c : name) length += std::isalnum(static_cast<unsigned char>(c)) || c == '_' ? 1 : 3;
  return length;
}

// By whom each name is taken that no column can have.
std::map<std::string, std::string> taken_names(const Mirror& mirror) {
  std::map<std::string, std::string> taken;
  for (const char* name : kOfClickHouse) taken[name] = "a column of ClickHouse's own";
  for (const TableColumn& column : system_columns()) taken[column.name] = kOurs;
  if (mirror.keeps()) taken[std::string(kIsDeleted)] = kOurs;
  return taken;
}

// All that clash, so that a table is mended at once.
void check_columns(const StreamContract& contract, const Mirror& mirror) {
  std::map<std::string, std::string> taken = taken_names(mirror);
  std::vector<std::string> clashes;
  int line = 0;  // of the first
  const auto take = [&](std::size_t column, const std::string& name, const std::string& what) {
    const auto [other, free] = taken.emplace(name, what);
    if (free) return;
    if (clashes.empty()) line = contract.columns[column].line;
    clashes.push_back(
        fmt::format("{} would be called '{}' in the mirror, as {} is", what, name, other->second));
  };
  for (std::size_t i = 0; i < mirror.columns.size(); ++i)
    take(i, mirror.columns[i].name, fmt::format("column '{}'", mirror.columns[i].name));
  for (std::size_t i = 0; i < mirror.columns.size(); ++i)
    if (const std::string name = mirror.columns[i].companion(); !name.empty())
      take(i, name, fmt::format("the mark that array '{}' is NULL", mirror.columns[i].name));
  if (clashes.empty()) return;
  refuse(contract, line, fmt::format("{}", fmt::join(clashes, "; ")),
         "rename the column at the source, or leave it out of the publication and the contract; an array "
         "that is mapped to String (clickhouse_type) needs no second column");
}

void check_lengths(const StreamContract& contract, const Mirror& mirror) {
  const auto check = [&](const std::string& what, const std::string& name, std::size_t limit) {
    if (length_on_disk(name) <= limit) return;
    refuse(contract, contract.line,
           fmt::format("{} '{}' has a name of {} bytes; ClickHouse leaves room for {}", what, name,
                       length_on_disk(name), limit),
           std::string(contract.file.empty() ? "rename the table at the source, or write its contract by "
                                               "hand, where the mirror has a shorter 'name'"
                                             : "give the mirror a shorter 'name'") +
               " (bytes other than a-z, A-Z, 0-9 and _ count three times)");
  };
  check("the mirror", mirror.name(), kMirrorNameMax);
  for (const std::size_t column : mirror.lookups)
    check("the lookup", mirror.lookup_name(column), kTableNameMax);
}

}  // namespace

void check_names(const StreamContract& contract) {
  const Mirror mirror = make_mirror(contract);
  check_columns(contract, mirror);
  check_lengths(contract, mirror);
}

void check_names(const std::vector<StreamContract>& contracts) {
  std::map<std::pair<std::string, std::string>, const StreamContract*> tables;  // by database and name
  for (const StreamContract& contract : contracts) {
    check_names(contract);
    for (const TableDefinition& table : tables_of(make_mirror(contract))) {
      const auto [other, free] = tables.emplace(std::pair(table.database, table.name), &contract);
      if (free) continue;
      refuse(contract, contract.line,
             fmt::format("its table {}.{} in ClickHouse is {}'s already", table.database, table.name,
                         to_string(other->second->source)),
             "give one of the two mirrors another 'name'");
    }
  }
}

}  // namespace freshet::load
