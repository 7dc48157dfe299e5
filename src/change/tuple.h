// A row as it travels from capture to load: PostgreSQL's own representation, never parsed on the way. So a
// column costs nothing until load turns it into a ClickHouse value, and nothing can be altered in between.
//
// Layout (the body of pgoutput's TupleData, so a streamed row is copied as it came):
//   per column: 'n'                       NULL
//               'u'                       unchanged TOAST: the value wasn't sent
//               't' | int32 BE n | n bytes  PostgreSQL's text output
//               'b' | int32 BE n | n bytes  PostgreSQL's binary send form
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace freshet {

enum class Form : char { null = 'n', unchanged = 'u', text = 't', binary = 'b' };

struct Field {
  Form form = Form::null;
  std::string_view bytes;  // of text and binary

  bool null() const { return form == Form::null; }
  friend bool operator==(const Field&, const Field&) = default;
};

inline void append_field(std::string& tuple, const Field& field) {
  tuple.push_back(static_cast<char>(field.form));
  if (field.form != Form::text && field.form != Form::binary) return;
  append_be(tuple, static_cast<std::int32_t>(field.bytes.size()));
  tuple += field.bytes;
}

// Walks the fields of one tuple. Throws Error{data} on anything malformed.
class TupleReader {
 public:
  explicit TupleReader(std::string_view tuple) : from_(tuple) {}

  bool at_end() const { return from_.at_end(); }

  Field next() {
    const auto form = static_cast<Form>(from_.le<char>());
    switch (form) {
      case Form::null:
      case Form::unchanged: return {form, {}};
      case Form::text:
      case Form::binary: {
        const auto size = from_.be<std::int32_t>();
        if (size < 0) throw Error(ErrorKind::data, "a field has a negative length");
        return {form, from_.bytes(static_cast<std::size_t>(size))};
      }
    }
    throw Error(ErrorKind::data, "unknown form of a field in a tuple");
  }

 private:
  ByteReader from_;
};

}  // namespace freshet
