// ExceptionTail: finds the exception that ClickHouse appends to an answer whose status line has already said
// 200. The server announces a random tag in the header X-ClickHouse-Exception-Tag and, when it fails in
// mid-stream, ends the body with
//
//   \r\n__exception__\r\nTAG\r\n<message>\n<length> TAG\r\n__exception__\r\n
//
// Bytes before it are passed on as they come; at most a marker's length is held back. One per answer.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace freshet::clickhouse {

class ExceptionTail {
 public:
  // An empty tag: the server announced none, everything is passed on.
  explicit ExceptionTail(std::string_view tag);

  void take(std::string_view bytes, const std::function<void(std::string_view)>& pass_on);
  // No more bytes will come.
  void finish(const std::function<void(std::string_view)>& pass_on);

  bool found() const { return found_; }
  // Without the closing line.
  std::string message() const;

 private:
  std::size_t held_back() const;

  std::string marker_;
  std::string held_;  // before the marker: its possible beginning; after it: the message
  std::string closing_;
  bool found_ = false;
};

}  // namespace freshet::clickhouse
