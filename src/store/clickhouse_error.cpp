#include "store/clickhouse_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace freshet::store {
namespace {

constexpr std::string_view kCodePrefix = "Code: ";
constexpr int kUnknownException = 1002;

int leading_code(std::string_view message) {
  int code = kUnknownException;
  const std::size_t at = message.find(kCodePrefix);
  if (at != std::string_view::npos) {
    std::from_chars(message.data() + at + kCodePrefix.size(), message.data() + message.size(), code);
  }
  return code;
}

// The length of the UTF-8 character at the front of `text`, or 0 when there is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length == 0 || length > text.size() || first > 0xf4) return 0;
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte(at) & 0xc0) != 0x80) return 0;
  }
  return length;
}

// Values in a message may be cut in the middle of a character, and clients decode strictly.
std::string valid_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0)
      out += "\xef\xbf\xbd";
    else
      out += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

bool is_one_of(int code, auto&& codes) {
  return std::ranges::find(codes, code) != std::end(codes);
}

}  // namespace

ClickHouseError::ClickHouseError(int code, std::string message) : code_(code), message_(std::move(message)) {}

ClickHouseError::ClickHouseError(int code, std::string_view name, std::string_view text)
    : ClickHouseError(code, fmt::format("Code: {}. DB::Exception: {} ({})", code, text, name)) {}

ClickHouseError ClickHouseError::of_engine(std::string_view message) {
  const int code = leading_code(message);
  if (message.starts_with(kCodePrefix)) return ClickHouseError(code, valid_utf8(message));
  return ClickHouseError(code, "UNKNOWN_EXCEPTION", valid_utf8(message));
}

std::string ClickHouseError::text(std::string_view version) const {
  return fmt::format("{} (version {} (embedded))\n", message_, version);
}

// The pairs are those of ClickHouse's HTTP interface.
int http_status(int code) {
  constexpr std::array kBadRequest{6,  8,   15,  25,  26,  27,  36,  37,  38,  41,  44,  53,  62,
                                   72, 117, 123, 167, 168, 223, 321, 374, 376, 427, 441, 675, 676};
  constexpr std::array kForbidden{192, 193, code::kAccessDenied, code::kSetNonGrantedRole,
                                  code::kAuthenticationFailed};
  constexpr std::array kNotFound{46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, code::kSessionNotFound,
                                 511};
  constexpr std::array kUnavailable{76, 209, 439};  // CANNOT_OPEN_FILE, SOCKET_TIMEOUT, CANNOT_SCHEDULE_TASK
  if (is_one_of(code, kBadRequest)) return 400;
  if (is_one_of(code, kForbidden)) return 403;
  if (is_one_of(code, kNotFound)) return 404;
  if (is_one_of(code, kUnavailable)) return 503;
  switch (code) {
    case code::kTimeoutExceeded: return 408;
    case code::kQueryIsTooLarge: return 413;
    case code::kNotImplemented: return 501;
    default: return 500;
  }
}

}  // namespace freshet::store
