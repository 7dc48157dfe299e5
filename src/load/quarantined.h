// What lies in quarantine, for whoever asks: read from ClickHouse, by any thread with a client of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adapter/clickhouse/client.h"
#include "change/change.h"

namespace freshet::load {

struct QuarantinedChange {
  std::string id;  // of it alone: 16 hex digits
  Op op = Op::update;
  Version version;
  Micros committed_at = 0;
  std::string reason;  // empty: it waits behind another one of its key
  std::string hint;
  std::string contract;   // the version of the one that it broke
  std::string key_bytes;  // in the mirror's form; of one without a place there as it came (TableLoad)
  struct KeyValue {
    std::string column, value;
  };
  std::vector<KeyValue> key;  // by tell_keys()
  TableSchema schema;
  std::string old;
  std::string row;
};

// The first ones in the order of commits, without their rows. Where the key is as it came, with the schema.
std::vector<QuarantinedChange> list_quarantined(clickhouse::Client& client, const std::string& mirror,
                                                std::size_t limit);
// One, with its rows.
std::optional<QuarantinedChange> find_quarantined(clickhouse::Client& client, const std::string& mirror,
                                                  const std::string& id);

// Of each change that waits in a mirror's quarantine the newest row of freshet.quarantine, as a subquery.
// `range`: a condition on version and key, for a part of them: nothing else is read.
std::string waiting_in_quarantine(const std::string& mirror, std::string_view columns,
                                  std::string_view range = "true");
// Likewise of each that has left.
std::string left_quarantine(const std::string& mirror, std::string_view columns);
// A change's id, in SQL.
inline constexpr std::string_view kQuarantineId = "lower(hex(sipHash64(version, key)))";

}  // namespace freshet::load
