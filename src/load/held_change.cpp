#include "load/held_change.h"

#include "load/row_binary.h"

namespace freshet::load {

const TableSchema* HeldSchemas::decoded(std::string_view bytes) {
  auto known = known_.find(bytes);
  if (known == known_.end()) known = known_.emplace(bytes, decode_schema(bytes)).first;
  return &known->second;
}

void append_held(std::string& to, const Mirror& mirror, std::string_view key, std::string_view donor,
                 const Batch::Record& record) {
  append_text(to, mirror.name());
  append_version(to, record.version);
  append_text(to, key);
  append_text(to, donor);
  append_le(to, static_cast<std::uint8_t>(record.op));
  append_le(to, record.committed_at);
  append_text(to, record.schema == nullptr ? std::string() : encode_schema(*record.schema));
  append_text(to, record.old);
  append_text(to, record.row);
}

HeldChange read_held(ByteReader& from, HeldSchemas& schemas) {
  HeldChange change;
  change.key = read_text(from);
  change.donor = read_text(from);
  change.op = static_cast<Op>(from.le<std::uint8_t>());
  change.version = read_version(from);
  change.committed_at = from.le<Micros>();
  change.schema = schemas.decoded(read_text(from));
  change.old = read_text(from);
  change.row = read_text(from);
  return change;
}

}  // namespace freshet::load
