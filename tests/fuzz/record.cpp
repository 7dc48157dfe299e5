// The bytes are, after a first one that says what: records in a row, a table's schema, or a tuple. What is
// accepted is written again as the same bytes, so two journals with the same content are the same.
#include "journal/record.h"

#include "base/check.h"
#include "change/schema.h"
#include "change/tuple.h"
#include "fuzz/targets.h"

namespace freshet::fuzz {
namespace {

void records(std::string_view bytes) {
  ByteReader from(bytes);
  std::string again;
  while (!from.at_end()) {
    const char* begin = from.position();
    const Change change = journal::read_record(from);
    CHECK(journal::record_size(change) == static_cast<std::size_t>(from.position() - begin));
    journal::append_record(again, change);
    CHECK(again.ends_with(std::string_view(begin, journal::record_size(change))));
    CHECK(change.version().commit() == change.commit_lsn);
  }
  CHECK(again == bytes);
}

void schema(std::string_view bytes) {
  const TableSchema table = decode_schema(bytes);
  const std::string again = encode_schema(table);
  CHECK(again == bytes || again.size() < bytes.size());  // then a number took more bytes than it needs
  CHECK(decode_schema(again) == table);
}

void tuple(std::string_view bytes) {
  std::string again;
  for (TupleReader reader(bytes); !reader.at_end();) append_field(again, reader.next());
  CHECK(again == bytes);
}

}  // namespace

void record(std::string_view bytes) try {
  if (bytes.empty()) return;
  const std::string_view body = bytes.substr(1);
  switch (bytes.front()) {
    case 'r': return records(body);
    case 's': return schema(body);
    case 't': return tuple(body);
    default: return;
  }
} catch (const Error& error) {
  CHECK(error.kind() == ErrorKind::data);
}

}  // namespace freshet::fuzz
