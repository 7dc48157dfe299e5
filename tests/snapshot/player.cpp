#include "snapshot/player.h"

#include <fmt/format.h>

#include "change/tuple.h"

namespace freshet::capture {
namespace {

using postgres::quote_identifier;
using postgres::quote_table;

std::string copy_row(const std::string& tuple, std::size_t columns) {
  std::string bytes;
  append_be(bytes, static_cast<std::int16_t>(columns));
  for (TupleReader fields(tuple); !fields.at_end();) {
    const Field field = fields.next();
    append_be(bytes, field.null() ? std::int32_t{-1} : static_cast<std::int32_t>(field.bytes.size()));
    bytes += field.bytes;
  }
  return bytes;
}

// A row as one text, short whatever it holds.
std::string printed_columns(const TableSchema& schema) {
  std::string list;
  for (const Column& column : schema.columns) {
    const std::string name = quote_identifier(column.name);
    list += fmt::format(
        "{}CASE WHEN {} IS DISTINCT FROM NULL THEN md5(format('%s', {})) || left(format('%s', {}), 50) ELSE "
        "'null' END",
        list.empty() ? "" : " || ',' || ", name, name, name);
  }
  return list.empty() ? "''" : list;
}

void create_mirror(test::TestDatabase& database, const TableSchema& schema) {
  std::string columns;
  for (const Column& column : schema.columns) {
    columns += fmt::format("{}{} {}", columns.empty() ? "" : ", ", quote_identifier(column.name),
                           readable_in_binary(column.type) ? column.type.name : "text");
  }
  database.sql(
      "SET client_min_messages = warning; DROP TABLE IF EXISTS pg_temp.mirrored; CREATE TEMP TABLE mirrored "
      "(" +
      columns + ")");
}

}  // namespace

Player::Player(test::TestDatabase& database) : database_(database) {
  options.url = database.url();
  options.spool_directory = spool_.path();
  options.retry_first = std::chrono::milliseconds(20);
  options.retry_last = std::chrono::milliseconds(500);
}

Player::~Player() = default;

void Player::start(const std::vector<TableRequest>& tables) {
  snapshotter_ = std::make_unique<Snapshotter>(options);
  snapshotter_->begin(tables, kept);
}

bool Player::take_one() {
  return take_one(Lsn(~std::uint64_t{0}));
}

bool Player::take_one(Lsn passed) {
  std::optional<FinishedChunk> chunk = snapshotter_->take(passed);
  if (!chunk) return false;
  PlayedStream& stream = streams[chunk->stream];
  if (chunk->first) {
    ++stream.begun;
    stream.rows.clear();
  }
  stream.schema = chunk->schema;
  stream.v = chunk->v;
  stream.flags = chunk->flags;
  ++stream.chunks;
  stream.ended += chunk->last;
  std::string_view tuple;
  while (chunk->rows.next(tuple)) stream.rows.emplace_back(tuple);
  for (const std::string& gone : chunk->gone) stream.gone.push_back(gone);
  if (!chunk->progress.empty()) kept[chunk->stream] = chunk->progress;
  return true;
}

bool Player::take_until(const std::function<bool()>& condition) {
  return test::eventually(
      [&] {
        while (!condition())
          if (!take_one()) return false;
        return true;
      },
      std::chrono::seconds(30));
}

TableStatus Player::status_of(const std::string& stream) const {
  for (const TableStatus& table : snapshotter_->status().tables)
    if (table.stream == stream) return table;
  return {};
}

std::string difference(test::TestDatabase& database, const TableSchema& schema,
                       const std::vector<std::string>& rows) {
  create_mirror(database, schema);
  postgres::Connection& connection = database.connection();
  connection.copy_in_begin("COPY pg_temp.mirrored FROM STDIN (FORMAT binary)");
  std::string bytes("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
  for (const std::string& row : rows) {
    bytes += copy_row(row, schema.columns.size());
    if (bytes.size() < 1 << 20) continue;
    connection.copy_in_put(bytes);
    bytes.clear();
  }
  append_be(bytes, std::int16_t{-1});
  connection.copy_in_put(bytes);
  connection.copy_in_end();
  const std::string row = printed_columns(schema);
  const std::string ours = "SELECT " + row + " FROM pg_temp.mirrored";
  const std::string theirs = "SELECT " + row + " FROM " + quote_table(schema.schema, schema.table);
  const postgres::Result differing = database.sql(
      fmt::format("(SELECT 'missing: ' || row FROM ({1} EXCEPT ALL {0}) AS t (row) LIMIT 5) UNION ALL "
                  "(SELECT 'too much: ' || row FROM ({0} EXCEPT ALL {1}) AS t (row) LIMIT 5)",
                  ours, theirs));
  std::string text;
  for (int row = 0; row < differing.rows(); ++row) text += std::string(differing.text(row, 0)) + "\n";
  return text;
}

TableRequest all_of(const std::string& table, SnapshotMode mode) {
  TableRequest request;
  request.schema = "public";
  request.table = table;
  request.mode = mode;
  return request;
}

}  // namespace freshet::capture
