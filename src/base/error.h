// The one exception of Freshet: what ends a unit of work. What is expected per record is a value instead (see
// contract/), and a bug is a failed CHECK.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace freshet {

// What the caller can do about it; one table per worker maps it to retry, pause or stop.
enum class ErrorKind {
  transient,    // the same call may succeed later: refused, cut off, timed out before it was sent
  in_doubt,     // sent, but the answer was lost: neither success nor failure; repeat, the sink is idempotent
  data,         // these bytes or values can't be used: damaged, out of range, malformed
  schema,       // the other side's shape isn't the expected one
  config,       // what the user wrote is wrong or incomplete
  permission,   // the other side refused us
  identity,     // the other side isn't the one our position belongs to
  capacity,     // a named limit is reached: disk, journal, memory, connections
  unsupported,  // outside of what Freshet does
  cancelled,    // we were asked to stop
};

std::string_view to_string(ErrorKind kind);

class Error : public std::exception {
 public:
  // message: what happened and where. hint: the next step for the operator, or empty.
  Error(ErrorKind kind, std::string message, std::string hint = {});

  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }
  const std::string& hint() const { return hint_; }
  bool may_pass() const { return kind_ == ErrorKind::transient || kind_ == ErrorKind::in_doubt; }
  // "message (hint)": never a row's values, never a secret.
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  ErrorKind kind_;
  std::string message_;
  std::string hint_;
  std::string what_;
};

}  // namespace freshet
