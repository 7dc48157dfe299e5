// ServerError: an exception that ClickHouse itself reported, with its code and text.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace freshet::clickhouse {

// 0: the answer named none (a proxy's error page, for instance).
using ServerCode = int;

class ServerError : public Error {
 public:
  // statement: its beginning, for the message. text: "Code: 60. DB::Exception: ..." as the server wrote it.
  ServerError(ServerCode code, std::string_view text, std::string_view statement);

  ServerCode code() const { return code_; }
  const std::string& text() const { return text_; }

 private:
  ServerCode code_;
  std::string text_;
};

// What the caller can do about ClickHouse's error `code`.
ErrorKind kind_of(ServerCode code, std::string_view text);

// The first "Code: N." of an error's text (codes may nest), or 0.
ServerCode code_in(std::string_view text);

// For an answer without ClickHouse's code: what stands between us and it said no.
ErrorKind kind_of_status(long http_status);

}  // namespace freshet::clickhouse
