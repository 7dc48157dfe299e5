#include "contract/introspect.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

#include "adapter/postgres/connection.h"

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

class Drafter {
 public:
  Drafter(const Catalogue& catalogue, std::string publication, const DraftCheck& check)
      : catalogue_(catalogue), publication_(std::move(publication)), check_(check) {}

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
    if (table.key_deferrable) {
      return refuse(table, "its primary key is deferrable, so one key may have two rows within a transaction",
                    fmt::format("make a primary key of {} that isn't DEFERRABLE", name));
    }
    for (const auto& column : table.columns) {
      if (column.key_position == 0 || usable_as_key(column.type)) continue;
      return refuse(
          table,
          fmt::format("its key column {} is of type {}, which can't be a key", column.name, column.type.name),
          "keys may be integers, boolean, uuid, text, enums, date, timestamps, numeric(p,s), bytea and inet");
    }
    return false;
  }

  bool refuse_without_key(const CatalogueTable& table) {
    const std::string name = sql_name(table.name);
    if (table.spare_index) {
      return refuse(table, "has no primary key, but a unique index that can serve",
                    fmt::format("ALTER TABLE {} REPLICA IDENTITY USING INDEX {}", name,
                                quote_identifier(*table.spare_index)));
    }
    std::set<std::string> names;
    for (const auto& column : table.columns) names.insert(column.name);
    std::string key = "id";
    while (names.contains(key)) key += "_";
    return refuse(table, "has no primary key",
                  fmt::format("ALTER TABLE {} ADD COLUMN {} bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
                              name, quote_identifier(key)));
  }

  void draft_table(const CatalogueTable& table) {
    StreamContract contract;
    contract.source = table.name;
    contract.mirror = table.name.table;
    contract.description = table.comment;
    if (catalogue_.publication_exists && !table.published && !may_be_periodic(table, contract)) return;
    for (const auto& column : table.columns) {
      if (taken(table, column)) contract.columns.push_back(draft_column(column));
    }
    if (const auto problem = check_ ? check_(contract) : std::nullopt) {
      refuse(table, *problem, "");
      return;
    }
    draft_.contracts.push_back(std::move(contract));
  }

  bool may_be_periodic(const CatalogueTable& table, StreamContract& contract) {
    const std::string add =
        fmt::format("ALTER PUBLICATION {} ADD TABLE {}", quote_identifier(publication_), table_entry(table));
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

  bool taken(const CatalogueTable& table, const CatalogueColumn& column) {
    if (column.generated) return false;
    if (table.published) return column.published;
    if (column.key_position > 0 || !looks_secret(column.name)) return true;
    remark(table, fmt::format("column {} looks like a secret and was left out", column.name), "", false);
    return false;
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

  // "schema"."table" with a column list where a column stays out: generated ones do so by themselves.
  static std::string table_entry(const CatalogueTable& table) {
    std::vector<std::string> columns;
    bool needs_list = false;
    for (const auto& column : table.columns) {
      if (column.generated) continue;
      if (column.key_position == 0 && looks_secret(column.name)) {
        needs_list = true;
        continue;
      }
      columns.push_back(quote_identifier(column.name));
    }
    if (!needs_list) return sql_name(table.name);
    return fmt::format("{} ({})", sql_name(table.name), fmt::join(columns, ", "));
  }

  void write_publication() {
    if (catalogue_.publication_exists) return;
    std::vector<std::string> entries;
    for (const auto& table : catalogue_.tables) {
      const auto drafted = [&](const auto& contract) { return contract.source == table.name; };
      if (std::none_of(draft_.contracts.begin(), draft_.contracts.end(), drafted)) continue;
      const std::string entry = table_entry(table);
      if (catalogue_.server_version < 150000 && entry != sql_name(table.name)) {
        remark(table, "PostgreSQL before 15 can't leave single columns out of a publication", "", false);
        continue;
      }
      entries.push_back(entry);
    }
    if (entries.empty()) return;
    draft_.publication_sql = fmt::format(
        "CREATE PUBLICATION {} FOR TABLE\n    {}\n    WITH (publish_via_partition_root = true);\n",
        quote_identifier(publication_), fmt::join(entries, ",\n    "));
  }

  const Catalogue& catalogue_;
  std::string publication_;
  const DraftCheck& check_;
  Draft draft_;
};

}  // namespace

Draft draft_contracts(const Catalogue& catalogue, const std::string& publication, const DraftCheck& check) {
  return Drafter(catalogue, publication, check).run();
}

bool looks_secret(std::string_view column_name) {
  return contains_any(lower(column_name),
                      {"password", "passwd", "secret", "private_key", "api_key", "apikey", "access_token",
                       "refresh_token", "auth_token", "credential", "pwd_hash"});
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
