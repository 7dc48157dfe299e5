#include "capture/snapshot_copy.h"

#include <cstdint>

namespace freshet::capture {
namespace {

// https://www.postgresql.org/docs/15/sql-copy.html, "Binary Format":
//   header: signature (11 bytes) | flags int32 | length of extension int32 | extension
//   row:    number of fields int16 | per field: length int32 (-1: NULL) | bytes
//   end:    int16 -1
constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);

void skip_header(ByteReader& from) {
  if (from.bytes(kSignature.size()) != kSignature)
    throw Error(ErrorKind::data, "a COPY from PostgreSQL doesn't begin as binary format does");
  from.be<std::int32_t>();
  from.bytes(static_cast<std::size_t>(from.be<std::int32_t>()));
}

}  // namespace

CopyReader::CopyReader(const TableSchema& schema, Rows& rows) : rows_(rows) {
  for (const Column& column : schema.columns)
    forms_.push_back(readable_in_binary(column.type) ? Form::binary : Form::text);
}

void CopyReader::message(std::string_view bytes) {
  ByteReader from(bytes);
  if (!begun_) skip_header(from);
  begun_ = true;
  while (!from.at_end()) row(from);
}

void CopyReader::row(ByteReader& from) {
  const auto fields = from.be<std::int16_t>();
  if (fields == -1 && !ended_) {
    ended_ = true;
    return;
  }
  if (ended_ || static_cast<std::size_t>(fields) != forms_.size())
    throw Error(ErrorKind::data, "a COPY from PostgreSQL holds a row of another shape");
  std::string& tuple = rows_.open_row();
  for (const Form form : forms_) {
    const char* field = from.position();
    const auto size = from.be<std::int32_t>();
    if (size < 0) {
      tuple.push_back(static_cast<char>(Form::null));
      continue;
    }
    from.bytes(static_cast<std::size_t>(size));
    tuple.push_back(static_cast<char>(form));
    tuple.append(field,
                 sizeof size + static_cast<std::size_t>(size));  // length and bytes stand alike in both
  }
  rows_.close_row();
}

void CopyReader::finish() const {
  if (!ended_) throw Error(ErrorKind::data, "a COPY from PostgreSQL has no end");
}

}  // namespace freshet::capture
