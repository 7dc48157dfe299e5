// Session: one connection to ClickHouse as load uses it. Every statement of load may be sent again, so a
// session repeats what failed in a way that may pass, with growing pauses, until it is stopped; the status
// says so meanwhile. Nothing is sent without the lead. One per thread.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "adapter/clickhouse/client.h"
#include "load/lead.h"
#include "load/status.h"

namespace freshet::load {

// What all sessions of a load share; outlives them.
struct SessionContext {
  clickhouse::Endpoint endpoint;
  Lead& lead;
  StatusBoard& board;
  Clock& clock;
  clickhouse::Encoding encoding = clickhouse::Encoding::lz4;
  std::chrono::milliseconds retry_first{50};  // the first pause; doubled each time
  std::chrono::milliseconds retry_last{5'000};
  // One value of PostgreSQL has up to 1 GB, and may have to be filled in.
  std::size_t answer_bytes_max = (std::size_t{1} << 30) + (std::size_t{64} << 20);
};

class Session {
 public:
  Session(const SessionContext& context, std::stop_token stop)
      : context_(context), stop_(std::move(stop)), client_(context.endpoint) {}

  // Each throws Error: cancelled when stopped, else only what repeating can't mend; unsupported for an answer
  // larger than answer_bytes_max.
  clickhouse::Summary execute(std::string_view sql, const clickhouse::With& with = {});
  // `body`: Native; compressed here.
  void insert(std::string_view sql, std::string_view body);
  std::string select(std::string_view sql, const clickhouse::With& with = {});
  // Nothing when the answer is larger than that.
  std::optional<std::string> select_within(std::size_t bytes_max, std::string_view sql,
                                           const clickhouse::With& with = {});
  clickhouse::Rows rows(std::string_view sql, const clickhouse::With& with = {});
  std::uint64_t number(std::string_view sql);
  // Deletes the rows of a small table. Sends no statement that writes when there are none.
  void remove(std::string_view table, std::string_view where);

  std::size_t answer_bytes_max() const { return context_.answer_bytes_max; }
  clickhouse::Client& client() { return client_; }

 private:
  template <class Call>
  auto repeat(const clickhouse::With& with, const Call& call);
  clickhouse::With limited(const clickhouse::With& with);

  const SessionContext& context_;
  std::stop_token stop_;
  clickhouse::Client client_;
};

}  // namespace freshet::load
