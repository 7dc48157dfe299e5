// A request's body, unpacked from its Content-Encoding while it streams in.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "adapter/http/server.h"
#include "store/compression.h"

namespace freshet::store {

class Body {
 public:
  // ClickHouseError for an encoding we don't know, or a body of several parts.
  explicit Body(http::Exchange& exchange);

  // Bytes, or 0 at the end. ClickHouseError when the client left or the bytes are damaged.
  std::size_t read(std::span<char> to);

 private:
  std::size_t read_packed();

  http::Exchange& exchange_;
  std::unique_ptr<Decoder> decoder_;
  std::string buffer_;
  std::string_view packed_;  // into buffer_
};

}  // namespace freshet::store
