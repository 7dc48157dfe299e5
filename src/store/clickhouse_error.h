// An error in ClickHouse's own terms: a code that clients know, its text, and the HTTP status that goes with
// it. The store speaks nothing else to its clients, whether the engine or the store itself refused.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace freshet::store {

namespace code {
constexpr int kBadArguments = 36;
constexpr int kNotImplemented = 48;
constexpr int kSyntaxError = 62;
constexpr int kIncorrectData = 117;
constexpr int kTimeoutExceeded = 159;
constexpr int kReadonly = 164;
constexpr int kTooManySimultaneousQueries = 202;
constexpr int kQueryWithSameIdIsRunning = 216;
constexpr int kQueryIsTooLarge = 229;
constexpr int kSessionNotFound = 372;
constexpr int kSessionIsLocked = 373;
constexpr int kInvalidSessionTimeout = 374;
constexpr int kCannotDecompress = 271;
constexpr int kTooManyRowsOrBytes = 396;
constexpr int kAccessDenied = 497;
constexpr int kSetNonGrantedRole = 512;
constexpr int kAuthenticationFailed = 516;
}  // namespace code

class ClickHouseError : public std::exception {
 public:
  // text: without "Code: N. DB::Exception: ".
  ClickHouseError(int code, std::string_view name, std::string_view text);
  // As the engine words it: "Code: N. DB::Exception: … (NAME)". Codes may nest; the first one counts.
  static ClickHouseError of_engine(std::string_view message);

  int code() const { return code_; }
  // As a server words it; `version` is what the embedded engine leaves out. Always valid UTF-8, one line feed
  // at its end.
  std::string text(std::string_view version) const;
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  ClickHouseError(int code, std::string message);

  int code_;
  std::string message_;
};

int http_status(int code);

}  // namespace freshet::store
