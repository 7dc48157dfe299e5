// A walsender connection: PostgreSQL's streaming replication protocol, logical. No policy: it says what came
// and sends what it is told. Owned by one thread.
// (https://www.postgresql.org/docs/15/protocol-replication.html)
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "adapter/postgres/connection.h"
#include "base/clock.h"
#include "base/durable.h"
#include "change/lsn.h"

namespace freshet::postgres {

struct SystemIdentity {
  std::string system_id;
  std::uint32_t timeline = 0;
  Lsn flushed;  // the end of what the server has written durably
  std::string database;
};

// One message of the output plugin. `lsn` is 0 where the plugin gave none.
struct WalData {
  Lsn lsn;
  std::string_view payload;
};

// Everything that committed below `end` has been sent before this.
struct KeepAlive {
  Lsn end;
  bool reply_requested = false;
};

using Received = std::variant<WalData, KeepAlive>;

class Replication {
 public:
  // `options.replication` is set here.
  explicit Replication(ConnectOptions options);

  SystemIdentity identify();
  // As the server runs it; 0: it never drops a silent client.
  std::chrono::milliseconds sender_timeout();

  // The consistent point: every transaction that commits at or above it will be in the stream. Waits for all
  // transactions that are open now.
  Lsn create_slot(std::string_view slot, std::chrono::milliseconds deadline);

  // From now on only next(), wait() and report(). `from`: 0 for the slot's own position; a higher one than
  // that skips what commits below.
  void start(std::string_view slot, Lsn from, const std::map<std::string, std::string>& plugin_options);

  // What has come, without waiting; views are valid until the next call. Throws SqlError when the server
  // ended the stream.
  std::optional<Received> next();
  // Waits until there may be something for next(). False when `timeout` passed.
  bool wait(std::chrono::milliseconds timeout) const;

  // Tells the server that we are alive and what it may forget. Never waits: when the socket takes nothing the
  // bytes go with the next call. Nothing in `durable`: forget nothing.
  void report(Lsn received, const std::optional<Durable<Lsn>>& durable, WallTime now, bool ask_for_reply);

  const std::string& where() const { return connection_.where(); }

 private:
  [[noreturn]] void ended();

  Connection connection_;
  std::unique_ptr<char, void (*)(void*)> message_;
};

}  // namespace freshet::postgres
