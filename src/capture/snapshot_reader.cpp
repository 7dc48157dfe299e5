#include "capture/snapshot_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapter/postgres/barrier.h"
#include "capture/snapshot_copy.h"

namespace freshet::capture {
namespace {

using postgres::quote_identifier;
using postgres::quote_literal;
using postgres::quote_table;

// How much longer than the server's own timeout we wait for it.
constexpr std::chrono::seconds kGrace(10);

// Pages are named, so a TID range scan is always right; without statistics the planner may not see it.
constexpr const char* kSession =
    "SET enable_seqscan = off; SET jit = off; SET max_parallel_workers_per_gather = 0";

postgres::ConnectOptions connect_options(const SnapshotOptions& options) {
  postgres::ConnectOptions connect;
  connect.url = options.url;
  connect.purpose = "freshet snapshot";
  return connect;
}

std::string root_of(const TablePlan& plan) {
  return (plan.partitioned ? "" : "ONLY ") + quote_table(plan.schema->schema, plan.schema->table);
}

std::string filtered(const TablePlan& plan, const std::string& condition) {
  return plan.row_filter.empty() ? condition : fmt::format("{} AND ({})", condition, plan.row_filter);
}

const Column& column_named(const TableSchema& schema, const std::string& name) {
  for (const Column& column : schema.columns)
    if (column.name == name) return column;
  throw Error(ErrorKind::schema,
              fmt::format("{} has no column \"{}\" to find rows by", stream_name(schema), name));
}

// The keys asked for, as a table expression whose columns no column of the table hides: "freshet key 0", ….
std::string asked_column(std::size_t i) {
  return quote_identifier(fmt::format("freshet key {}", i));
}

std::string asked_table(const TableSchema& schema, const KeyRequest& request) {
  std::string values;
  for (const std::vector<std::string>& key : request.keys) {
    values += values.empty() ? "(" : ", (";
    for (std::size_t i = 0; i < key.size(); ++i) {
      values += fmt::format("{}{}::{}", i == 0 ? "" : ", ", quote_literal(key[i]),
                            column_named(schema, request.columns[i]).type.name);
    }
    values += ')';
  }
  std::string names;
  for (std::size_t i = 0; i < request.columns.size(); ++i) names += (i == 0 ? "" : ", ") + asked_column(i);
  return fmt::format("(VALUES {}) AS asked ({})", values, names);
}

std::string same_key(const KeyRequest& request) {
  std::string condition;
  for (std::size_t i = 0; i < request.columns.size(); ++i) {
    condition += fmt::format("{}{} = {}", i == 0 ? "" : " AND ", quote_identifier(request.columns[i]),
                             asked_column(i));
  }
  return condition;
}

// The columns of the table's tuples: those of the key as asked for, the others NULL.
std::string key_only_list(const TableSchema& schema, const KeyRequest& request) {
  std::string list;
  for (const Column& column : schema.columns) {
    const auto key = std::ranges::find(request.columns, column.name);
    list += list.empty() ? "" : ", ";
    list += key == request.columns.end()
                ? "NULL"
                : sent_as(column, asked_column(static_cast<std::size_t>(key - request.columns.begin())));
  }
  return list;
}

}  // namespace

ChunkReader::ChunkReader(const SnapshotOptions& options, std::stop_token stop)
    : options_(options), stop_(std::move(stop)), connection_(connect_options(options)) {
  connection_.run(kSession);
}

std::string ChunkReader::begin(std::string_view isolation) const {
  return fmt::format(
      "BEGIN ISOLATION LEVEL {} READ ONLY; SET LOCAL row_security = off;"
      " SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = {};",
      isolation, options_.statement_timeout.count(), options_.lock_timeout.count());
}

void ChunkReader::copy(const TableSchema& schema, const std::string& select, Rows& rows) {
  CopyReader reader(schema, rows);
  connection_.copy_out(
      fmt::format("COPY ({}) TO STDOUT (FORMAT binary)", select),
      [&](std::string_view message) {
        if (stop_.stop_requested()) throw Error(ErrorKind::cancelled, "the snapshot was asked to stop");
        reader.message(message);
      },
      options_.statement_timeout + kGrace);
  reader.finish();
  rows.finish();
}

Lsn ChunkReader::commit() {
  const Lsn after = parse_lsn(connection_.run("COMMIT; SELECT pg_current_wal_insert_lsn()").text(0, 0));
  postgres::emit_mark(connection_);  // the chunk waits until the stream has passed `after`
  return after;
}

// Every statement takes its own snapshot: the COPY's comes after the lock and after the check.
bool ChunkReader::begin_as_planned(const Leaf& leaf) try {
  const std::string identity = fmt::format("{} LOCK TABLE ONLY {} IN ACCESS SHARE MODE; {}",
                                           begin("READ COMMITTED"), leaf.name, leaf.identity_query);
  const postgres::Result found = connection_.run(identity, options_.statement_timeout + kGrace);
  return found.rows() == 1 && found.text(0, 0) == leaf.identity;
} catch (const Error& error) {
  if (error.kind() != ErrorKind::schema) throw;
  return false;  // there is nothing of that name
}

std::optional<Lsn> ChunkReader::read_blocks(const TablePlan& plan, const Leaf& leaf, Blocks blocks,
                                            Rows& rows) {
  const TableSchema& schema = *plan.schema;
  if (!begin_as_planned(leaf)) {
    connection_.run("ROLLBACK");
    return std::nullopt;
  }
  const std::string pages = fmt::format("ctid >= '({},0)' AND ctid < '({},0)'", blocks.from, blocks.to);
  copy(schema,
       fmt::format("SELECT {} FROM ONLY {} WHERE {}", column_list(schema), leaf.name, filtered(plan, pages)),
       rows);
  return commit();
}

ChunkReader::Whole ChunkReader::read_whole(const TablePlan& plan, Rows& rows) {
  Whole read;
  // Not transactional: the message stands in the WAL, and its LSN is known, before anything is read.
  read.v = parse_lsn(
      connection_
          .query("SELECT pg_logical_emit_message(false, 'freshet.periodic', $1)", {stream_name(*plan.schema)})
          .text(0, 0));
  connection_.run(begin("READ COMMITTED"));
  copy(*plan.schema,
       fmt::format("SELECT {} FROM {} WHERE {}", column_list(*plan.schema), root_of(plan),
                   filtered(plan, "true")),
       rows);
  read.after = commit();
  return read;
}

Lsn ChunkReader::read_keys(const TablePlan& plan, const KeyRequest& request, Rows& rows, Rows& gone) {
  const TableSchema& schema = *plan.schema;
  const std::string asked = asked_table(schema, request);
  const std::string found = filtered(plan, same_key(request));
  // One snapshot for both: no key is in neither or in both.
  connection_.run(begin("REPEATABLE READ"));
  copy(schema,
       fmt::format("SELECT {} FROM {}, {} WHERE {}", column_list(schema), root_of(plan), asked, found), rows);
  copy(schema,
       fmt::format("SELECT {} FROM {} WHERE NOT EXISTS (SELECT FROM {} WHERE {})",
                   key_only_list(schema, request), asked, root_of(plan), found),
       gone);
  return commit();
}

std::chrono::microseconds ChunkReader::probe() {
  const auto before = std::chrono::steady_clock::now();
  connection_.query("SELECT 1");
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - before);
}

}  // namespace freshet::capture
