// A change as the value of a Kafka record, in the JSON envelope that Debezium's connectors write, and back.
// docs/formats/topics.md. What their readers don't need, and load does, stands under "freshet".
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "change/change.h"

namespace freshet::journal {

// Tells apart the shapes that a table has had: a hash of encode_schema().
using ShapeId = std::uint64_t;
ShapeId shape_id(const TableSchema& table);

// Where the records come from, for people and for other readers.
struct Origin {
  std::string prefix;  // of the topics
  std::string database;
};

// Writes the records of one shape of one table. One thread.
class EnvelopeWriter {
 public:
  EnvelopeWriter(const Origin& origin, const TableSchema& table);

  ShapeId shape() const { return shape_; }

  // Replaces both. The key is empty where the change has none (truncate, the ends of a snapshot).
  void write(const Change& change, std::string& key, std::string& value) const;

 private:
  void append_row(std::string& to, std::string_view tuple) const;
  void append_key(std::string& to, std::string_view tuple) const;

  const TableSchema& table_;
  const ShapeId shape_;
  std::vector<std::string> names_;  // of the columns, as JSON, with a colon
  std::string source_;              // the members of "source" that are always the same
  std::string shape_text_;
};

// Reads the records of any table. One thread.
class EnvelopeReader {
 public:
  // Nothing: the shape isn't known.
  using FindShape = std::function<const TableSchema*(ShapeId)>;

  explicit EnvelopeReader(FindShape find);
  ~EnvelopeReader();

  // Borrows from the reader until the next call. Throws Error{data} for what EnvelopeWriter doesn't write.
  Change read(std::string_view value);

 private:
  struct Parser;  // keeps simdjson out of this header

  const FindShape find_;
  std::unique_ptr<Parser> parser_;
  std::string old_;
  std::string row_;
};

}  // namespace freshet::journal
