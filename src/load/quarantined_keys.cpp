#include "load/quarantined_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "adapter/clickhouse/quote.h"
#include "change/schema.h"
#include "change/text/pg_text.h"
#include "change/tuple.h"
#include "load/row_binary.h"

namespace freshet::load {
namespace {

using Key = std::vector<QuarantinedChange::KeyValue>;

std::string text_of(const Field& field, const PgType& type) {
  if (field.form == Form::text) return std::string(field.bytes);
  std::string text;
  if (pg_text::append_text(text, type, field.bytes)) return text;
  return fmt::format("({} bytes in binary form)", field.bytes.size());
}

// Of a key that has no place in the mirror: it was kept as it came, and all other columns as NULL. Nothing
// where it is one in the mirror's form after all, which may begin alike.
std::optional<Key> as_it_came(const QuarantinedChange& change) try {
  if (change.schema.columns.empty()) return std::nullopt;
  Key key;
  TupleReader fields(std::string_view(change.key_bytes).substr(1));
  for (const Column& column : change.schema.columns) {
    const Field field = fields.next();
    if (field.form == Form::text || field.form == Form::binary)
      key.push_back({column.name, text_of(field, column.type)});
  }
  if (!fields.at_end()) return std::nullopt;
  return key;
} catch (const Error&) {
  return std::nullopt;
}

// In SQL, of a value in the mirror.
std::string as_postgres_prints(const MirrorColumn& column, const PgType& type) {
  const std::string name = clickhouse::quote_identifier(column.name);
  if (type.kind == TypeKind::bytea) return fmt::format("concat('\\\\x', lower(hex({})))", name);
  if (column.type.kind == MirrorKind::boolean) return fmt::format("if({}, 't', 'f')", name);
  if (column.type.kind == MirrorKind::datetime64)
    return fmt::format("concat(replaceRegexpOne(toString({}), '\\\\.?0+$', ''), '{}')", name,
                       type.kind == TypeKind::timestamptz ? "+00" : "");
  if (column.type.kind == MirrorKind::decimal)
    return fmt::format("toDecimalString({}, {})", name, column.type.scale);
  return fmt::format("toString({})", name);
}

void tell_those_in_form(clickhouse::Client& client, const Mirror& mirror,
                        const std::vector<QuarantinedChange*>& changes) {
  if (changes.empty()) return;
  std::vector<std::string> types, texts;
  for (const std::size_t column : mirror.key) {
    const MirrorColumn& of = mirror.columns[column];
    types.push_back(clickhouse::quote_identifier(of.name) + " " + of.clickhouse_type());
    texts.push_back(as_postgres_prints(of, mirror.contract.columns[column].type));
  }
  std::string keys;
  for (const QuarantinedChange* change : changes) keys += change->key_bytes;
  const clickhouse::Rows rows =
      client.rows(fmt::format("SELECT {} FROM format(RowBinary, {}, {})", fmt::join(texts, ", "),
                              clickhouse::quote_literal(fmt::format("{}", fmt::join(types, ", "))),
                              clickhouse::quote_literal(keys)),
                  kLargeStatement);
  for (std::size_t i = 0; i < rows.size() && i < changes.size(); ++i)
    for (std::size_t column = 0; column < mirror.key.size(); ++column)
      changes[i]->key.push_back({mirror.columns[mirror.key[column]].name, rows[i].at(column).value_or("")});
}

}  // namespace

void tell_keys(clickhouse::Client& client, const Mirror& mirror, std::vector<QuarantinedChange>& changes) {
  std::vector<QuarantinedChange*> in_form;
  for (QuarantinedChange& change : changes) {
    if (std::optional<Key> key = as_it_came(change))
      change.key = *std::move(key);
    else
      in_form.push_back(&change);
  }
  tell_those_in_form(client, mirror, in_form);
}

}  // namespace freshet::load
