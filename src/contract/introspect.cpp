#include "contract/introspect.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

#include "adapter/postgres/connection.h"
#include "contract/publication.h"

namespace freshet::contract {
namespace {

using postgres::quote_identifier;

// A table outside of the publication is drafted as periodic up to this size: it is read whole, again and
// again.
constexpr std::int64_t kPeriodicRowsMax = 1'000'000;

std::string sql_name(const TableName& name) {
  return postgres::quote_table(name.schema, name.table);
}

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](auto word) { return text.find(word) != std::string_view::npos; });
}

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lowered;
}

// What becomes of a table that the publication lacks.
enum class Unpublished { periodic, added };

class Drafter {
 public:
  Drafter(const Catalogue& catalogue, std::string publication, const DraftCheck& check,
          Unpublished unpublished)
      : catalogue_(catalogue),
        publication_(std::move(publication)),
        check_(check),
        unpublished_(unpublished) {}

  Draft run() {
    for (const auto& table : catalogue_.tables) {
      if (!refused(table)) draft_table(table);
    }
    name_mirrors(draft_.contracts);
    write_publication();
    return std::move(draft_);
  }

 private:
  void remark(const CatalogueTable& table, std::string text, std::string statement, bool left_out) {
    draft_.remarks.push_back({table.name, std::move(text), std::move(statement), left_out});
  }

  bool refuse(const CatalogueTable& table, std::string text, std::string statement) {
    remark(table, std::move(text), std::move(statement), true);
    return true;
  }

  bool refused(const CatalogueTable& table) {
    const std::string name = sql_name(table.name);
    if (!table.logged) {
      return refuse(table, "unlogged: its changes never reach the WAL",
                    fmt::format("ALTER TABLE {} SET LOGGED", name));
    }
    if (table.columns.empty()) return refuse(table, "has no columns", "");
    if (!table.has_key()) return refuse_without_key(table);
    if (table.identity == 'n') {
      return refuse(table, "has REPLICA IDENTITY NOTHING: its updates and deletes can't be published",
                    fmt::format("ALTER TABLE {} REPLICA IDENTITY DEFAULT", name));
    }
    if (table.key_deferrable) {
      return refuse(table, "its primary key is deferrable, so one key may have two rows within a transaction",
                    fmt::format("make a primary key of {} that isn't DEFERRABLE", name));
    }
    if (!table.partition_statements.empty())
      return refuse(table, "has partitions whose own replica identity lacks its key",
                    fmt::format("{}", fmt::join(table.partition_statements, "; ")));
    for (const auto& column : table.columns) {
      if (column.key_position > 0 && column.generated)
        return refuse(
            table,
            fmt::format("its key column {} is generated, and generated columns are never published",
                        column.name),
            fmt::format("ALTER TABLE {} REPLICA IDENTITY USING INDEX … (of another unique index)", name));
      if (column.key_position == 0 || usable_as_key(column.type)) continue;
      return refuse(
          table,
          fmt::format("its key column {} is of type {}, which can't be a key", column.name, column.type.name),
          another_key(table));
    }
    return refused_by_name(table);
  }

  bool refuse_without_key(const CatalogueTable& table) {
    const std::string name = sql_name(table.name);
    if (table.spare_index) {
      std::vector<std::string> statements = table.partition_statements;
      statements.push_back(fmt::format("ALTER TABLE {} REPLICA IDENTITY USING INDEX {}", name,
                                       quote_identifier(*table.spare_index)));
      return refuse(table, "has no primary key, but a unique index that can serve",
                    fmt::format("{}", fmt::join(statements, "; ")));
    }
    return refuse(table, "has no primary key",
                  fmt::format("ALTER TABLE {} ADD COLUMN {} bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
                              name, quote_identifier(free_name(table))));
  }

  static std::string free_name(const CatalogueTable& table) {
    std::set<std::string> names;
    for (const auto& column : table.columns) names.insert(column.name);
    std::string name = "id";
    while (names.contains(name)) name += "_";
    return name;
  }

  // Beside the primary key, which others may refer to. An index of a partitioned table has to have the
  // columns by which it is partitioned.
  static std::string another_key(const CatalogueTable& table) {
    if (table.partitioned)
      return "keys may be integers, boolean, uuid, text, enums, date, timestamps, numeric(p,s), bytea and "
             "inet";
    const std::string name = sql_name(table.name);
    const std::string key = quote_identifier(free_name(table));
    const std::string index = quote_identifier("key_of_" + table.name.table);
    return fmt::format(
        "ALTER TABLE {0} ADD COLUMN {1} bigint GENERATED ALWAYS AS IDENTITY; CREATE UNIQUE INDEX {2} ON {0} "
        "({1}); ALTER TABLE {0} REPLICA IDENTITY USING INDEX {2}",
        name, key, index);
  }

  void draft_table(const CatalogueTable& table) {
    StreamContract contract;
    contract.source = table.name;
    contract.mirror = table.name.table;
    contract.description = table.comment;
    for (const auto& column : table.columns) {
      if (taken(table, column)) contract.columns.push_back(draft_column(column));
    }
    const bool outside = catalogue_.publication_exists && !table.published;
    if (outside && unpublished_ == Unpublished::periodic && !may_be_periodic(table, contract)) return;
    if (refused_by_full_identity(table)) return;
    name_secrets(table, contract);
    if (table.has_children)
      remark(table, "has tables that inherit from it: their rows aren't in its mirror, but in their own", "",
             false);
    if (const auto problem = check_ ? check_(contract) : std::nullopt) {
      refuse(table, problem->message(), problem->hint());
      return;
    }
    draft_.contracts.push_back(std::move(contract));
  }

  // Published without a column, such a table takes no UPDATE and no DELETE any more.
  bool refused_by_full_identity(const CatalogueTable& table) {
    if (table.identity != 'f' || table.published) return false;
    for (const auto& column : table.columns) {
      if (column.key_position > 0 || column.generated || !looks_secret(column.name)) continue;
      return refuse(
          table,
          fmt::format("has REPLICA IDENTITY FULL, so every column would have to be published, and {} "
                      "looks like a secret",
                      column.name),
          fmt::format("ALTER TABLE {} REPLICA IDENTITY DEFAULT", sql_name(table.name)));
    }
    return false;
  }

  bool refused_by_name(const CatalogueTable& table) {
    const auto other = std::ranges::find_if(draft_.contracts, [&](const StreamContract& contract) {
      return to_string(contract.source) == to_string(table.name);
    });
    if (other == draft_.contracts.end()) return false;
    return refuse(table,
                  fmt::format("its stream would be called {}, as that of {}", to_string(table.name),
                              sql_name(other->source)),
                  fmt::format("ALTER TABLE {} RENAME TO …", sql_name(table.name)));
  }

  bool may_be_periodic(const CatalogueTable& table, StreamContract& contract) {
    const std::string add = fmt::format("ALTER PUBLICATION {} ADD TABLE {}", quote_identifier(publication_),
                                        publication_entry(contract, table));
    if (table.rows > kPeriodicRowsMax) {
      refuse(
          table,
          fmt::format("isn't in the publication, and too large (about {} rows) to be read whole", table.rows),
          add);
      return false;
    }
    contract.mode = Mode::periodic;
    remark(table, "isn't in the publication: drafted as periodic, read whole once an interval", add, false);
    return true;
  }

  static bool taken(const CatalogueTable& table, const CatalogueColumn& column) {
    if (column.generated) return false;
    if (table.published) return column.published;
    return column.key_position > 0 || !looks_secret(column.name);
  }

  void name_secrets(const CatalogueTable& table, const StreamContract& contract) {
    if (table.published) return;
    for (const auto& column : table.columns)
      if (!column.generated && contract.find(column.name) == nullptr)
        remark(table, fmt::format("column {} looks like a secret and was left out", column.name), "", false);
  }

  static ColumnContract draft_column(const CatalogueColumn& column) {
    ColumnContract drafted;
    drafted.name = column.name;
    drafted.type = column.type;
    drafted.nullable = column.nullable;
    drafted.key_position = column.key_position;
    drafted.classification = guess_classification(column);
    drafted.description = column.comment;
    return drafted;
  }

  void write_publication() {
    if (catalogue_.publication_exists || unpublished_ == Unpublished::added) return;
    std::vector<std::string> entries;
    for (const auto& table : catalogue_.tables) {
      const auto drafted = std::ranges::find(draft_.contracts, table.name, &StreamContract::source);
      if (drafted == draft_.contracts.end()) continue;
      if (catalogue_.server_version < 150000 && !columns_to_publish(*drafted, table).empty()) {
        remark(table, "PostgreSQL before 15 can't leave single columns out of a publication", "", false);
        continue;
      }
      entries.push_back(publication_entry(*drafted, table));
    }
    if (entries.empty()) return;
    draft_.publication_sql = fmt::format(
        "CREATE PUBLICATION {} FOR TABLE\n    {}\n    WITH (publish_via_partition_root = true);\n",
        quote_identifier(publication_), fmt::join(entries, ",\n    "));
  }

  const Catalogue& catalogue_;
  std::string publication_;
  const DraftCheck& check_;
  const Unpublished unpublished_;
  Draft draft_;
};

}  // namespace

Draft draft_contracts(const Catalogue& catalogue, const std::string& publication, const DraftCheck& check) {
  return Drafter(catalogue, publication, check, Unpublished::periodic).run();
}

Draft draft_added(const Catalogue& catalogue, const std::string& publication, const DraftCheck& check) {
  return Drafter(catalogue, publication, check, Unpublished::added).run();
}

// Rather one too many: what is left out is named, and can be taken in; a secret that has left is out.
bool looks_secret(std::string_view column_name) {
  const std::string name = lower(column_name);
  if (contains_any(name, {"password", "passwd", "secret", "private_key", "api_key", "apikey", "credential",
                          "card_number"}))
    return true;
  static const std::set<std::string, std::less<>> words = {"token", "tokens", "salt",     "otp",  "totp",
                                                           "pin",   "pwd",    "ssn",      "iban", "cvv",
                                                           "cvc",   "enc",    "encrypted"};
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('_', begin), name.size());
    if (words.contains(std::string_view(name).substr(begin, end - begin))) return true;
    begin = end + 1;
  }
  return false;
}

std::string guess_classification(const CatalogueColumn& column) {
  const std::string name = lower(column.name);
  const TypeKind kind = column.type.kind;
  const bool text = kind == TypeKind::text || kind == TypeKind::other;
  if (kind == TypeKind::inet || kind == TypeKind::cidr) return "pii.ip";
  if (name.find("email") != std::string::npos) {
    if (text) return "pii.email";
    return kind == TypeKind::bytea ? "pii.pseudonym" : "";
  }
  if (contains_any(name, {"birth_date", "birthdate", "birthday", "date_of_birth"})) return "pii.birth_date";
  if (contains_any(name, {"address", "street", "postcode", "zip_code"})) return "pii.address";
  if (contains_any(name, {"fingerprint", "user_agent"})) return "pii.device";
  if (!text) return "";
  if (contains_any(name, {"phone", "mobile_number"})) return "pii.phone";
  for (const char* known : {"first_name", "last_name", "full_name", "surname", "given_name"}) {
    if (name == known) return "pii.name";
  }
  return "";
}

}  // namespace freshet::contract
