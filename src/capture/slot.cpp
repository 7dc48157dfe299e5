#include "capture/slot.h"

namespace freshet::capture {

std::optional<SlotState> find_slot(postgres::Connection& connection, std::string_view slot) {
  const postgres::Result row = connection.query(
      "SELECT plugin, database, active, coalesce(wal_status = 'lost', false), "
      "coalesce(confirmed_flush_lsn, '0/0'), "
      "greatest(pg_current_wal_insert_lsn() - coalesce(confirmed_flush_lsn, '0/0'), 0)::bigint, "
      "greatest(pg_current_wal_insert_lsn() - coalesce(restart_lsn, pg_current_wal_insert_lsn()), "
      "0)::bigint, "
      "safe_wal_size FROM pg_replication_slots WHERE slot_name = $1",
      {std::string(slot)});
  if (row.rows() == 0) return std::nullopt;
  SlotState state;
  state.plugin = row.text(0, 0);
  state.database = row.text(0, 1);
  state.active = row.text(0, 2) == "t";
  state.lost = row.text(0, 3) == "t";
  state.confirmed = parse_lsn(row.text(0, 4));
  state.lag_bytes = static_cast<std::uint64_t>(row.integer(0, 5));
  state.retained_bytes = static_cast<std::uint64_t>(row.integer(0, 6));
  if (!row.is_null(0, 7)) state.safe_wal_size = row.integer(0, 7);
  return state;
}

Lsn insert_lsn(postgres::Connection& connection) {
  return parse_lsn(connection.query("SELECT pg_current_wal_insert_lsn()").text(0, 0));
}

}  // namespace freshet::capture
