// Exchange: one request's way through libcurl's callbacks: what has been sent, and what came back.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "adapter/clickhouse/connection.h"
#include "adapter/clickhouse/exception_tail.h"

namespace freshet::clickhouse {

class Exchange {
 public:
  Exchange(CURL* easy, const Request& request, const Client::Sink& sink, std::stop_token stop);

  // Throws what `result` (a CURLcode) and the answer amount to, or returns the summary.
  Summary finish(int result, const char* reason);

 private:
  static std::size_t on_send(char* to, std::size_t size, std::size_t count, void* self);
  static int on_seek(void* self, std::int64_t offset, int origin);
  static std::size_t on_header(char* from, std::size_t size, std::size_t count, void* self);
  static std::size_t on_receive(char* from, std::size_t size, std::size_t count, void* self);
  static int on_progress(void* self, std::int64_t, std::int64_t, std::int64_t, std::int64_t);

  void take_header(std::string_view line);
  void take_body(std::string_view bytes);
  [[noreturn]] void throw_transport(int result, const char* reason) const;
  [[noreturn]] void throw_server(std::string_view text) const;
  bool refused() const { return status_ >= 300; }

  const Request& request_;
  const Client::Sink& sink_;
  std::stop_token stop_;
  std::size_t sent_ = 0;
  bool sending_ = false;
  long status_ = 0;
  ServerCode code_ = 0;
  Summary summary_;
  std::optional<ExceptionTail> tail_;
  std::string refusal_;
  std::exception_ptr sink_failed_;
};

}  // namespace freshet::clickhouse
