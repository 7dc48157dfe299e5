#include <fmt/format.h>

#include <algorithm>

#include "capture/slot.h"
#include "capture/source_rules.h"

namespace freshet::capture {
namespace {

using postgres::Connection;
using postgres::quote_identifier;
using postgres::Result;

constexpr int kOldestServer = 140'000;  // streaming of transactions in progress

void require_version(Connection& connection, const SourceWishes&) {
  require_supported(connection);
}

// It can't give what is asked of it: heartbeats are written. It may be promoted in a moment.
void require_primary(Connection& connection, const SourceWishes&) {
  if (connection.query("SELECT pg_is_in_recovery()").text(0, 0) == "f") return;
  throw Error(ErrorKind::config, fmt::format("PostgreSQL at {} is a standby", connection.where()),
              "name its primary in source.url");
}

void require_logical_wal(Connection& connection, const SourceWishes&) {
  const Result row = connection.query("SELECT setting FROM pg_settings WHERE name = 'wal_level'");
  if (row.text(0, 0) == "logical") return;
  throw Error(ErrorKind::config, fmt::format("wal_level is '{}' at {}", row.text(0, 0), connection.where()),
              "ALTER SYSTEM SET wal_level = 'logical'; then restart PostgreSQL");
}

// Managed services grant replication through a role instead of the attribute.
void require_role(Connection& connection, const SourceWishes&) {
  const Result row = connection.query(
      "SELECT current_user, rolreplication OR rolsuper OR EXISTS (SELECT 1 FROM pg_roles g "
      "WHERE g.rolname IN ('rds_replication', 'cloudsqlreplica') AND pg_has_role(g.oid, 'member')) "
      "FROM pg_roles WHERE rolname = current_user");
  if (row.text(0, 1) == "t") return;
  throw Error(ErrorKind::permission,
              fmt::format("the role {} may not replicate at {}", row.text(0, 0), connection.where()),
              fmt::format("ALTER ROLE {} REPLICATION", quote_identifier(row.text(0, 0))));
}

void require_free_slot_name(Connection& connection, const SourceWishes& wishes) {
  if (wishes.slot_to_make.empty()) return;
  if (const auto found = find_slot(connection, wishes.slot_to_make))
    throw foreign_slot(wishes.slot_to_make, *found, connection.where(),
                       connection.query("SELECT current_database()").text(0, 0));
}

void require_slots(Connection& connection, const SourceWishes& wishes) {
  if (!wishes.slot_must_be_made) return;
  const Result row = connection.query(
      "SELECT current_setting('max_replication_slots')::int, (SELECT count(*) FROM pg_replication_slots)");
  if (row.integer(0, 1) < row.integer(0, 0)) return;
  throw Error(ErrorKind::capacity,
              fmt::format("all {} replication slots are taken at {}", row.integer(0, 0), connection.where()),
              fmt::format("drop one that isn't used (SELECT slot_name FROM pg_replication_slots WHERE NOT "
                          "active), or ALTER SYSTEM SET max_replication_slots = {}; then restart PostgreSQL",
                          row.integer(0, 0) + 5));
}

void require_walsenders(Connection& connection, const SourceWishes& wishes) {
  if (wishes.streaming) return;
  const Result row = connection.query(
      "SELECT current_setting('max_wal_senders')::int, "
      "(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender')");
  if (row.integer(0, 1) < row.integer(0, 0)) return;
  throw Error(
      ErrorKind::capacity,
      fmt::format("all {} walsenders are busy at {}", row.integer(0, 0), connection.where()),
      fmt::format("ALTER SYSTEM SET max_wal_senders = {}; then restart PostgreSQL", row.integer(0, 0) + 5));
}

// Of others: ours are counted in `wanted`, and are still open when capture connects again. Backends of other
// roles don't tell what they are.
void require_connections(Connection& connection, const SourceWishes& wishes) {
  const int wanted = wishes.connections;
  const Result row = connection.query(
      "SELECT current_setting('max_connections')::int, current_setting('max_connections')::int - CASE "
      "current_setting('is_superuser') WHEN 'on' THEN 0 ELSE "
      "current_setting('superuser_reserved_connections')::int + "
      "coalesce(current_setting('reserved_connections', true)::int, 0) END - (SELECT count(*) FROM "
      "pg_stat_activity WHERE datid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client "
      "backend' AND NOT (usename = current_user AND (application_name LIKE 'freshet capture%' OR "
      "application_name = 'freshet snapshot')))");
  const std::int64_t left = std::max<std::int64_t>(row.integer(0, 1), 0);
  if (left >= wanted) return;
  throw Error(ErrorKind::capacity,
              fmt::format("{} of {} connections are left at {}, and capture needs {} beside the stream's",
                          left, row.integer(0, 0), connection.where(), wanted),
              fmt::format("ALTER SYSTEM SET max_connections = {}, then restart PostgreSQL; or lower "
                          "limits.snapshot_workers and source.connections in pipeline.yaml",
                          row.integer(0, 0) + wanted - left));
}

constexpr ServerRule kRules[] = {
    {"server version", require_version},
    {"primary", require_primary, ServerRule::Later::waits},
    {"wal_level", require_logical_wal},
    {"right to replicate", require_role},
    {"slot's name", require_free_slot_name},
    {"room for a slot", require_slots},
    {"room for a walsender", require_walsenders},
    {"room for connections", require_connections, ServerRule::Later::is_warned},
};

}  // namespace

void require_supported(const Connection& connection) {
  if (connection.server_version() >= kOldestServer) return;
  throw Error(
      ErrorKind::unsupported,
      fmt::format("PostgreSQL at {} is version {}", connection.where(), connection.server_version() / 10'000),
      "Freshet needs PostgreSQL 14 or newer");
}

std::span<const ServerRule> server_rules() {
  return kRules;
}

}  // namespace freshet::capture
