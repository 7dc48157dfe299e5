// The answer to one query in ClickHouse's HTTP terms: its headers, the rows as they come, an error with its
// code and status, also in the middle of the rows. Used by the connection's thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "adapter/http/server.h"
#include "store/clickhouse_error.h"
#include "store/compression.h"
#include "store/engine.h"
#include "store/held_output.h"
#include "store/query_request.h"

namespace freshet::store {

class Reply {
 public:
  Reply(http::Exchange& exchange, const Engine& engine) : exchange_(exchange), engine_(engine) {}

  // How the request wants it answered; errors that come before this are answered without an id.
  void know(const QueryRequest& request);
  // There is a result set, in this format.
  void set_format(std::string format) { format_ = std::move(format); }

  // Rows. The status goes out with the first 64 KB, or at the end when the request asked to wait.
  void write(std::string_view bytes);
  void finish(const Statistics& statistics);
  // Before the status went out: as status and text. After: as the block that clients look for at the end of
  // the stream.
  void fail(const ClickHouseError& error);

 private:
  http::Headers headers(const Statistics& statistics) const;
  void begin(const Statistics& statistics);
  void send(std::string_view bytes);
  void end_stream();

  http::Exchange& exchange_;
  const Engine& engine_;
  std::string query_id_;
  std::string timezone_;
  std::string format_;
  std::string exception_tag_;
  bool hold_ = false;
  bool begun_ = false;
  Coding coding_ = Coding::identity;
  std::unique_ptr<Encoder> encoder_;
  std::string packed_;
  HeldOutput held_;
};

}  // namespace freshet::store
