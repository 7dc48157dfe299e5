// The binary form of one change within a block: a fixed head and the two tuples as they came. The block says
// the rest (stream, schema, generation, epoch, offsets). docs/formats/journal.md, "record".
#pragma once

#include <string>

#include "base/bytes.h"
#include "change/change.h"

namespace freshet::journal {

inline constexpr std::size_t kRecordHead = 38;

inline std::size_t record_size(const Change& change) {
  return kRecordHead + change.old.size() + change.row.size();
}

inline void append_record(std::string& to, const Change& change) {
  char head[kRecordHead];
  const auto old_size = static_cast<std::uint32_t>(change.old.size());
  const auto row_size = static_cast<std::uint32_t>(change.row.size());
  head[0] = static_cast<char>(change.op);
  head[1] = static_cast<char>(change.flags);
  std::memcpy(head + 2, &change.xid, 4);
  std::memcpy(head + 6, &change.commit_lsn, 8);
  std::memcpy(head + 14, &change.change_lsn, 8);
  std::memcpy(head + 22, &change.committed_at, 8);
  std::memcpy(head + 30, &old_size, 4);
  std::memcpy(head + 34, &row_size, 4);
  to.append(head, kRecordHead);
  to += change.old;
  to += change.row;
}

// The next record; borrows the tuples from the bytes. Schema, generation and epoch are left to the caller.
// Throws Error{data} when the bytes are none.
inline Change read_record(ByteReader& from) {
  const char* head = from.bytes(kRecordHead).data();
  const auto op = static_cast<std::uint8_t>(head[0]);
  if (op < static_cast<std::uint8_t>(kFirstOp) || op > static_cast<std::uint8_t>(kLastOp))
    throw Error(ErrorKind::data, "unknown kind of change in a record");
  Change change;
  change.op = static_cast<Op>(op);
  change.flags = static_cast<std::uint8_t>(head[1]);
  change.xid = load_le<std::uint32_t>(head + 2);
  change.commit_lsn = Lsn(load_le<std::uint64_t>(head + 6));
  change.change_lsn = Lsn(load_le<std::uint64_t>(head + 14));
  if (change.commit_lsn > kCommitLsnMax)
    throw Error(ErrorKind::data, "a record's commit LSN is out of range");
  change.committed_at = load_le<Micros>(head + 22);
  change.old = from.bytes(load_le<std::uint32_t>(head + 30));
  change.row = from.bytes(load_le<std::uint32_t>(head + 34));
  return change;
}

}  // namespace freshet::journal
