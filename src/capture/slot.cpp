#include "capture/slot.h"

#include <fmt/format.h>

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

// Only where it can be the slot of a journal that was lost is dropping it a next step.
Error foreign_slot(std::string_view name, const SlotState& slot, std::string_view where,
                   std::string_view database) {
  const bool may_be_ours = slot.database == database && slot.plugin == "pgoutput" && !slot.active;
  return Error(
      ErrorKind::config,
      fmt::format(
          "the replication slot \"{}\" of {} is there already: of database {}, {}; this journal is new, "
          "so it isn't its own; nothing was confirmed",
          name, where, slot.database, slot.active ? "being read now" : "not being read"),
      may_be_ours ? fmt::format("use the journal that goes with it; or, if nobody needs the slot, SELECT "
                                "pg_drop_replication_slot('{}'); or name another one, source.slot",
                                name)
                  : "name another slot: source.slot in pipeline.yaml");
}

Error slot_in_the_way(std::string_view name, const SlotState& slot, std::string_view where) {
  return Error(
      ErrorKind::config,
      fmt::format("the replication slot \"{}\" of {} is in the way: of database {}, plugin {}, {}; "
                  "nothing was given up",
                  name, where, slot.database, slot.plugin, slot.active ? "being read now" : "not being read"),
      fmt::format("stop whoever reads it, or, if nobody needs it, SELECT "
                  "pg_drop_replication_slot('{}'); or name another slot: source.slot in "
                  "pipeline.yaml",
                  name));
}

Lsn insert_lsn(postgres::Connection& connection) {
  return parse_lsn(connection.query("SELECT pg_current_wal_insert_lsn()").text(0, 0));
}

}  // namespace freshet::capture
