#include "base/error.h"

#include <utility>

namespace freshet {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::transient: return "transient";
    case ErrorKind::in_doubt: return "in_doubt";
    case ErrorKind::data: return "data";
    case ErrorKind::schema: return "schema";
    case ErrorKind::config: return "config";
    case ErrorKind::permission: return "permission";
    case ErrorKind::identity: return "identity";
    case ErrorKind::capacity: return "capacity";
    case ErrorKind::unsupported: return "unsupported";
    case ErrorKind::cancelled: return "cancelled";
  }
  return "unknown";
}

Error::Error(ErrorKind kind, std::string message, std::string hint)
    : kind_(kind), message_(std::move(message)), hint_(std::move(hint)) {
  what_ = hint_.empty() ? message_ : message_ + " (" + hint_ + ")";
}

}  // namespace freshet
