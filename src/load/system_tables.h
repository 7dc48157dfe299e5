// The tables of database `freshet`: what load itself must remember (docs/formats/mirrors.md, one paragraph
// each).
#pragma once

#include <vector>

#include "load/ddl.h"

namespace freshet::load {

std::vector<TableDefinition> system_tables();
// The first one: without it nobody leads.
TableDefinition terms_table();

// Rounds in one partition of freshet.intents and freshet.cuts; whole partitions are dropped when old.
inline constexpr std::uint64_t kRoundsPerPartition = 1'000'000;

}  // namespace freshet::load
