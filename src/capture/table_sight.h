// Reads from the source's catalogue what streams are bound to (binding.h), for all tables at once: a few
// statements in one short transaction, which lock no table and so wait for none. Called by whoever owns the
// connection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "adapter/postgres/connection.h"
#include "capture/binding.h"
#include "capture/source_check.h"

namespace freshet::capture {

// By place in `tables`; nothing where there is no such table, or the publication hasn't got it.
std::vector<std::optional<SeenTable>> see_tables(postgres::Connection& connection,
                                                 const std::string& publication,
                                                 const std::vector<StreamedTable>& tables);

// Notes which of a partitioned table's leaves have no pages. That needs a lock on each of them for a moment:
// where it can't be had, any of them may have rows.
void see_empty_leaves(postgres::Connection& connection, SeenTable& table);

}  // namespace freshet::capture
