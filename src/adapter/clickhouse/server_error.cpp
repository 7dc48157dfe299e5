#include "adapter/clickhouse/server_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace freshet::clickhouse {
namespace {

constexpr std::size_t kMaxTextInMessage = 1000;
constexpr std::size_t kMaxStatementInMessage = 80;

constexpr ServerCode kArraysDiffer = 190;  // SIZES_OF_ARRAYS_DONT_MATCH
constexpr std::string_view kUnknown =
    "ClickHouse's log says more (the embedded engine's is DATA/log/store.log)";

struct Known {
  ServerCode code;
  ErrorKind kind;
};

// By kind, then code. The names are those of ClickHouse's ErrorCodes.cpp.
constexpr Known kKnown[] = {
    {159, ErrorKind::transient},    // TIMEOUT_EXCEEDED
    {160, ErrorKind::transient},    // TOO_SLOW
    {202, ErrorKind::transient},    // TOO_MANY_SIMULTANEOUS_QUERIES
    {203, ErrorKind::transient},    // NO_FREE_CONNECTION
    {209, ErrorKind::transient},    // SOCKET_TIMEOUT
    {210, ErrorKind::transient},    // NETWORK_ERROR
    {225, ErrorKind::transient},    // NO_ZOOKEEPER
    {236, ErrorKind::transient},    // ABORTED
    {242, ErrorKind::transient},    // TABLE_IS_READ_ONLY: a replica that lost its keeper
    {252, ErrorKind::transient},    // TOO_MANY_PARTS
    {279, ErrorKind::transient},    // ALL_CONNECTION_TRIES_FAILED
    {285, ErrorKind::transient},    // TOO_FEW_LIVE_REPLICAS
    {373, ErrorKind::transient},    // SESSION_IS_LOCKED
    {394, ErrorKind::transient},    // QUERY_WAS_CANCELLED: by somebody else; our own stop never gets here
    {425, ErrorKind::transient},    // SYSTEM_ERROR
    {439, ErrorKind::transient},    // CANNOT_SCHEDULE_TASK
    {473, ErrorKind::transient},    // DEADLOCK_AVOIDED
    {999, ErrorKind::transient},    // KEEPER_EXCEPTION
    {286, ErrorKind::in_doubt},     // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
    {319, ErrorKind::in_doubt},     // UNKNOWN_STATUS_OF_INSERT
    {158, ErrorKind::capacity},     // TOO_MANY_ROWS
    {173, ErrorKind::capacity},     // CANNOT_ALLOCATE_MEMORY
    {191, ErrorKind::capacity},     // SET_SIZE_LIMIT_EXCEEDED
    {201, ErrorKind::capacity},     // QUOTA_EXCEEDED
    {241, ErrorKind::capacity},     // MEMORY_LIMIT_EXCEEDED
    {243, ErrorKind::capacity},     // NOT_ENOUGH_SPACE
    {307, ErrorKind::capacity},     // TOO_MANY_BYTES
    {396, ErrorKind::capacity},     // TOO_MANY_ROWS_OR_BYTES
    {164, ErrorKind::permission},   // READONLY
    {192, ErrorKind::permission},   // UNKNOWN_USER
    {193, ErrorKind::permission},   // WRONG_PASSWORD
    {194, ErrorKind::permission},   // REQUIRED_PASSWORD
    {195, ErrorKind::permission},   // IP_ADDRESS_NOT_ALLOWED
    {291, ErrorKind::permission},   // DATABASE_ACCESS_DENIED
    {497, ErrorKind::permission},   // ACCESS_DENIED
    {511, ErrorKind::permission},   // UNKNOWN_ROLE
    {512, ErrorKind::permission},   // SET_NON_GRANTED_ROLE
    {516, ErrorKind::permission},   // AUTHENTICATION_FAILED
    {8, ErrorKind::schema},         // THERE_IS_NO_COLUMN
    {10, ErrorKind::schema},        // NOT_FOUND_COLUMN_IN_BLOCK
    {15, ErrorKind::schema},        // DUPLICATE_COLUMN
    {16, ErrorKind::schema},        // NO_SUCH_COLUMN_IN_TABLE
    {20, ErrorKind::schema},        // NUMBER_OF_COLUMNS_DOESNT_MATCH
    {44, ErrorKind::schema},        // ILLEGAL_COLUMN
    {47, ErrorKind::schema},        // UNKNOWN_IDENTIFIER
    {53, ErrorKind::schema},        // TYPE_MISMATCH
    {57, ErrorKind::schema},        // TABLE_ALREADY_EXISTS
    {60, ErrorKind::schema},        // UNKNOWN_TABLE
    {70, ErrorKind::schema},        // CANNOT_CONVERT_TYPE
    {81, ErrorKind::schema},        // UNKNOWN_DATABASE
    {82, ErrorKind::schema},        // DATABASE_ALREADY_EXISTS
    {36, ErrorKind::config},        // BAD_ARGUMENTS
    {42, ErrorKind::config},        // NUMBER_OF_ARGUMENTS_DOESNT_MATCH
    {43, ErrorKind::config},        // ILLEGAL_TYPE_OF_ARGUMENT
    {46, ErrorKind::config},        // UNKNOWN_FUNCTION
    {50, ErrorKind::config},        // UNKNOWN_TYPE
    {62, ErrorKind::config},        // SYNTAX_ERROR
    {63, ErrorKind::config},        // UNKNOWN_AGGREGATE_FUNCTION
    {115, ErrorKind::config},       // UNKNOWN_SETTING
    {456, ErrorKind::config},       // UNKNOWN_QUERY_PARAMETER
    {457, ErrorKind::config},       // BAD_QUERY_PARAMETER
    {48, ErrorKind::unsupported},   // NOT_IMPLEMENTED
    {344, ErrorKind::unsupported},  // SUPPORT_IS_DISABLED
};

std::string describe(ServerCode code, std::string_view text, std::string_view statement) {
  std::string_view head = statement.substr(0, kMaxStatementInMessage);
  head = head.substr(0, head.find('\n'));
  const std::string_view more = head.size() < statement.size() ? " ..." : "";
  return fmt::format("ClickHouse refused \"{}{}\" with code {}: {}", head, more, code,
                     text.substr(0, kMaxTextInMessage));
}

std::string_view hint_for(ErrorKind kind, ServerCode code) {
  if (code == kArraysDiffer)
    return "the mirror was made when it took arrays with a common beginning before a dot for one table: give "
           "the contract another mirror (`name` in its schema), start again, and run freshet snapshot; or "
           "clickhouse_type: String on all but one of them";
  switch (kind) {
    case ErrorKind::capacity: return "free memory or disk of ClickHouse, or raise its limit";
    case ErrorKind::permission: return "check the user, its password and its grants in ClickHouse";
    case ErrorKind::schema: return "compare the table in ClickHouse with what the project expects";
    case ErrorKind::transient:
    case ErrorKind::in_doubt: return "nothing to do unless it lasts: it is tried again";
    case ErrorKind::data:
    case ErrorKind::config:
    case ErrorKind::identity:
    case ErrorKind::unsupported:
    case ErrorKind::cancelled: return kUnknown;
  }
  return kUnknown;
}

}  // namespace

ServerError::ServerError(ServerCode code, std::string_view text, std::string_view statement)
    : Error(kind_of(code, text), describe(code, text, statement),
            std::string(hint_for(kind_of(code, text), code))),
      code_(code),
      text_(text) {}

ErrorKind kind_of(ServerCode code, std::string_view text) {
  // A full disk comes with the code of whatever was being written, too.
  for (const char* full : {"No space left on device", "Disk quota exceeded", "File too large"})
    if (text.find(full) != std::string_view::npos) return ErrorKind::capacity;
  const auto* known = std::ranges::find(kKnown, code, &Known::code);
  return known == std::end(kKnown) ? ErrorKind::data : known->kind;
}

ServerCode code_in(std::string_view text) {
  constexpr std::string_view kPrefix = "Code: ";
  const std::size_t at = text.find(kPrefix);
  if (at == std::string_view::npos) return 0;
  ServerCode code = 0;
  std::from_chars(text.data() + at + kPrefix.size(), text.data() + text.size(), code);
  return code;
}

ErrorKind kind_of_status(long http_status) {
  switch (http_status) {
    case 401:
    case 403:
    case 407: return ErrorKind::permission;
    case 413:
    case 507: return ErrorKind::capacity;
    case 408:
    case 429:
    case 503: return ErrorKind::transient;
    case 502:
    case 504: return ErrorKind::in_doubt;  // a proxy lost the answer
    default: return ErrorKind::config;     // something else than ClickHouse answers here
  }
}

}  // namespace freshet::clickhouse
