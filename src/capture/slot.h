// The replication slot as the source's catalogue shows it. On any connection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "adapter/postgres/connection.h"
#include "change/lsn.h"

namespace freshet::capture {

struct SlotState {
  std::string plugin;
  std::string database;
  bool active = false;
  bool lost = false;
  Lsn confirmed;
  std::uint64_t lag_bytes = 0;                // written but not confirmed
  std::uint64_t retained_bytes = 0;           // WAL that the server keeps for it
  std::optional<std::int64_t> safe_wal_size;  // bytes until it may be lost; nothing: no limit
};

std::optional<SlotState> find_slot(postgres::Connection& connection, std::string_view slot);

// A slot that a new journal finds under its name: a wrong set-up, as nothing has been read yet. `database`:
// the one that is to be read.
Error foreign_slot(std::string_view name, const SlotState& slot, std::string_view where,
                   std::string_view database);

// A slot that has the name of the one that is to be made for a source which takes another one's place, and
// isn't ours to drop.
Error slot_in_the_way(std::string_view name, const SlotState& slot, std::string_view where);

// Where the server writes next.
Lsn insert_lsn(postgres::Connection& connection);

}  // namespace freshet::capture
