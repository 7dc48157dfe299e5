#include "load/lead.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "load/system_tables.h"

namespace freshet::load {
namespace {

constexpr std::chrono::milliseconds kAskTimeout{5'000};
constexpr std::string_view kHighestTerm = "SELECT max(term) FROM freshet.terms";

std::uint64_t highest_term(clickhouse::Client& client) {
  return std::stoull(client.value(kHighestTerm, {.timeout = kAskTimeout}));
}

}  // namespace

void Lead::claim(clickhouse::Client& client, const std::stop_token& stop) {
  client.execute("CREATE DATABASE IF NOT EXISTS freshet", {.timeout = kAskTimeout});
  client.execute(terms_table().create(), {.timeout = kAskTimeout});
  const std::uint64_t before = highest_term(client);
  const bool alone =
      options_.exclusive || before == 0 ||
      client.value(fmt::format("SELECT max(released) FROM freshet.terms WHERE term = {}", before),
                   {.timeout = kAskTimeout}) == "1";
  term_ = before + 1;
  const SteadyTime asked_at = clock_.steady();
  client.execute(
      "INSERT INTO freshet.terms (term, holder, released) "
      "SELECT {term:UInt64}, {holder:String}, 0 WHERE (SELECT max(term) FROM freshet.terms) < {term:UInt64}",
      {.params = {{"term", std::to_string(term_)}, clickhouse::text_param("holder", options_.holder)},
       .timeout = kAskTimeout});
  const std::string holder =
      client.value(fmt::format("SELECT any(holder) FROM freshet.terms WHERE term = {} HAVING count() = 1 AND "
                               "({}) = {}",
                               term_, kHighestTerm, term_),
                   {.timeout = kAskTimeout});
  if (holder != options_.holder)
    throw Error(ErrorKind::transient, "another load took the lead at the same moment");
  log::info("load_leads", {{"term", term_}, {"holder", options_.holder}, {"waits", !alone}});
  if (!alone && !clock_.sleep(options_.deadline, stop))
    throw Error(ErrorKind::cancelled, "stopped while waiting for the predecessor's statements to end");
  const MutexLock lock(mutex_);
  confirmed_at_ = alone ? asked_at : SteadyTime{};
}

void Lead::release(clickhouse::Client& client) {
  try {
    client.execute(
        "INSERT INTO freshet.terms (term, holder, released) SELECT {term:UInt64}, {holder:String}, 1",
        {.params = {{"term", std::to_string(term_)}, clickhouse::text_param("holder", options_.holder)},
         .timeout = kAskTimeout});
  } catch (const Error& error) {
    log::warn("lead_not_released", {{"error", error.what()}});
  }
}

std::chrono::milliseconds Lead::time_for_statement(clickhouse::Client& client) {
  if (left() < options_.deadline / 2) confirm(client);
  return left();
}

std::string Lead::condition() const {
  return fmt::format("WHERE ({}) = {}", kHighestTerm, term_);
}

std::chrono::milliseconds Lead::left() const {
  const MutexLock lock(mutex_);
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady() - confirmed_at_);
  return age < options_.deadline ? options_.deadline - age : std::chrono::milliseconds(0);
}

void Lead::confirm(clickhouse::Client& client) {
  const SteadyTime asked_at = clock_.steady();
  const std::uint64_t highest = highest_term(client);
  if (highest != term_)
    throw Error(ErrorKind::identity,
                fmt::format("another load leads with term {}; this one had term {}", highest, term_),
                "this process ends; start it again to have it stand by");
  const MutexLock lock(mutex_);
  confirmed_at_ = std::max(confirmed_at_, asked_at);
}

}  // namespace freshet::load
