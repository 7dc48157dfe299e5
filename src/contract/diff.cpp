#include "contract/diff.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "adapter/postgres/connection.h"
#include "base/shell_word.h"
#include "contract/row_identity.h"

namespace freshet::contract {
namespace {

const Column* find_column(const TableSchema& table, std::string_view name) {
  const auto found =
      std::find_if(table.columns.begin(), table.columns.end(), [&](const auto& c) { return c.name == name; });
  return found == table.columns.end() ? nullptr : &*found;
}

// The mirror's column is the same for both: only the type's name or a modifier without effect differs.
bool same_in_the_mirror(const PgType& a, const PgType& b) {
  if (a.kind != b.kind || a.element != b.element) return false;
  const TypeKind kind = a.kind == TypeKind::array ? a.element : a.kind;
  if (kind == TypeKind::other) return a.name == b.name;
  return a.precision == b.precision && a.scale == b.scale;
}

class Comparison {
 public:
  Comparison(const StreamContract& contract, const TableSchema& table) : contract_(contract), table_(table) {}

  std::vector<Finding> run() {
    find_lost_columns();
    for (const auto& column : contract_.columns) compare_column(column);
    find_new_columns();
    compare_key();
    return std::move(findings_);
  }

 private:
  void add(FindingKind kind, std::string column, const std::string& text, std::string hint) {
    findings_.push_back({kind, std::move(column), stream_name(table_) + text, std::move(hint)});
  }

  // Pairs each lost column with a new one that could be the same under another name.
  void find_lost_columns() {
    for (std::size_t i = 0; i < contract_.columns.size(); ++i) {
      const auto& lost = contract_.columns[i];
      if (find_column(table_, lost.name) != nullptr) continue;
      if (const Column* renamed = same_place(i)) {
        renamed_to_.insert(renamed->name);
        add(FindingKind::column_renamed, lost.name,
            fmt::format(".{} is gone; '{}' of the same type is in its place: renamed?", lost.name,
                        renamed->name),
            fmt::format("if so, rename the column in {}, and the models that read it", contract_.file));
        continue;
      }
      add(FindingKind::column_dropped, lost.name, fmt::format(".{} is gone from the stream", lost.name),
          fmt::format("dropped, or left out of the publication: bring it back, or remove it from {}",
                      contract_.file));
    }
  }

  const Column* same_place(std::size_t i) const {
    if (table_.columns.size() <= i) return nullptr;
    const Column& candidate = table_.columns[i];
    const bool is_new = contract_.find(candidate.name) == nullptr;
    return is_new && same_in_the_mirror(contract_.columns[i].type, candidate.type) ? &candidate : nullptr;
  }

  void compare_column(const ColumnContract& promised) {
    const Column* found = find_column(table_, promised.name);
    if (found == nullptr) return;
    if (!same_in_the_mirror(promised.type, found->type)) {
      add(FindingKind::column_retyped, promised.name,
          fmt::format(".{} was {} and is {}", promised.name, promised.type.name, found->type.name),
          fmt::format("review the change, then write the new type into {}", contract_.file));
    } else if (promised.type.name != found->type.name) {
      add(FindingKind::modifier_changed, promised.name,
          fmt::format(".{} was {} and is {}; the mirror holds both alike", promised.name, promised.type.name,
                      found->type.name),
          fmt::format("write the new type into {}", contract_.file));
    }
    if (!promised.nullable && found->nullable) {
      add(FindingKind::column_nullable, promised.name, fmt::format(".{} may be null now", promised.name),
          fmt::format("set it NOT NULL again, or remove 'required: true' in {}", contract_.file));
    }
  }

  void find_new_columns() {
    for (const Column& column : table_.columns) {
      if (contract_.find(column.name) != nullptr || renamed_to_.contains(column.name)) continue;
      add(FindingKind::column_added, column.name,
          fmt::format(".{} ({}) is new", column.name, column.type.name),
          fmt::format("it waits until {} lists it", contract_.file));
    }
  }

  void compare_key() {
    if (table_.identity == ReplicaIdentity::nothing) {
      add(FindingKind::identity_lost, "",
          " has REPLICA IDENTITY NOTHING: updates and deletes can't be published",
          alter_table() + " REPLICA IDENTITY DEFAULT" + then_read_again());
      return;
    }
    for (const auto* column : contract_.key()) {
      const Column* found = find_column(table_, column->name);
      if (found == nullptr || usable_as_key(found->type)) continue;
      add(FindingKind::key_unsupported, column->name,
          fmt::format(".{} is of type {}, which can't be part of a key", column->name, found->type.name),
          "keys may be integers, boolean, uuid, text, enums, date, timestamps, numeric(p,s), bytea and inet");
    }
    // With FULL every column counts as identity, which says nothing about the key.
    if (table_.identity != ReplicaIdentity::full) compare_key_columns();
  }

  void compare_key_columns() {
    std::set<std::string> promised;
    std::set<std::string> found;
    for (const auto* column : contract_.key()) promised.insert(column->name);
    for (const auto& column : table_.columns) {
      if (column.key) found.insert(column.name);
    }
    if (promised == found) return;
    add(FindingKind::key_changed, "",
        fmt::format(" had the key ({}) and has {}", fmt::join(promised, ", "),
                    found.empty() ? "none" : fmt::format("({})", fmt::join(found, ", "))),
        found.empty() && has_the_key_columns() ? lost_key() : another_key());
  }

  bool has_the_key_columns() const {
    return std::ranges::all_of(contract_.key(), [&](const ColumnContract* column) {
      return find_column(table_, column->name) != nullptr;
    });
  }

  // What came without a key is told by none: only a reading has what became of it.
  std::string lost_key() const {
    std::vector<std::string> key;
    for (const auto* column : contract_.key()) key.push_back(column->name);
    if (table_.identity == ReplicaIdentity::index)
      return index_statement({table_.schema, table_.table}, key) + then_read_again();
    for (std::string& column : key) column = postgres::quote_identifier(column);
    return fmt::format("{} ADD PRIMARY KEY ({}){}", alter_table(), fmt::join(key, ", "), then_read_again());
  }

  std::string another_key() const {
    std::vector<std::string> key;
    for (const auto* column : contract_.key()) key.push_back(column->name);
    return fmt::format(
        "take the key ({}) back{}; or write the new key into {}, together with another mirror (`name` in its "
        "schema), and restart{}",
        fmt::join(key, ", "), then_read_again(), contract_.file, then_read_again());
  }

  std::string alter_table() const {
    return "ALTER TABLE " + postgres::quote_table(table_.schema, table_.table);
  }
  std::string then_read_again() const { return ", then freshet snapshot " + shell_word(stream_name(table_)); }

  const StreamContract& contract_;
  const TableSchema& table_;
  std::set<std::string> renamed_to_;
  std::vector<Finding> findings_;
};

}  // namespace

bool is_violation(FindingKind kind) {
  return kind != FindingKind::column_added && kind != FindingKind::modifier_changed;
}

bool has_violation(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const auto& f) { return is_violation(f.kind); });
}

std::vector<Finding> diff(const StreamContract& contract, const TableSchema& table) {
  return Comparison(contract, table).run();
}

}  // namespace freshet::contract
