// HeldChange: a change that ClickHouse keeps aside for load until it can be taken up again: one that waits
// for its row of a snapshot (waiting.h), or in quarantine (quarantine.h). Load's thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "change/change.h"
#include "load/batch.h"
#include "load/mirror.h"

namespace freshet::load {

// The schemas of such changes: each once, however many changes have it. Their addresses stay.
class HeldSchemas {
 public:
  const TableSchema* decoded(std::string_view bytes);

 private:
  std::map<std::string, TableSchema, std::less<>> known_;  // by their encoded form
};

struct HeldChange {
  std::string key;
  std::string donor;  // the other key that it concerns: on a key change the old one, else `key`
  Op op = Op::update;
  Version version;
  Micros committed_at = 0;
  const TableSchema* schema = nullptr;
  std::string old;
  std::string row;
};

// The columns of one, as append_held() writes them and as read_held() expects them.
inline constexpr const char* kHeldWritten = "table, version, key, donor, op, committed_at, schema, old, row";
inline constexpr const char* kHeldRead = "key, donor, op, version, committed_at, schema, old, row";

// In RowBinary. What is only noted of a change needs no schema.
void append_held(std::string& to, const Mirror& mirror, std::string_view key, std::string_view donor,
                 const Batch::Record& record);
HeldChange read_held(ByteReader& from, HeldSchemas& schemas);

}  // namespace freshet::load
