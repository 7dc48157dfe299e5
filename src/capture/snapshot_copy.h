// COPY … (FORMAT binary), as PostgreSQL sends it, to tuples (change/tuple.h). Used by one worker for one
// chunk.
#pragma once

#include <string_view>
#include <vector>

#include "capture/snapshot_spool.h"
#include "change/schema.h"
#include "change/tuple.h"

namespace freshet::capture {

class CopyReader {
 public:
  // The columns of the COPY are those of `schema`, as column_list() selects them.
  CopyReader(const TableSchema& schema, Rows& rows);

  // One CopyData message: the server never splits a row over two. Throws Error{data} otherwise.
  void message(std::string_view bytes);
  // Throws Error{data} unless the end was seen.
  void finish() const;

 private:
  void row(ByteReader& from);

  std::vector<Form> forms_;
  Rows& rows_;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace freshet::capture
