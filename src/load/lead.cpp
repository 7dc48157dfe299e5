#include "load/lead.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "base/nonce.h"
#include "load/system_tables.h"

namespace freshet::load {
namespace {

constexpr std::chrono::milliseconds kAskTimeout{5'000};
constexpr std::string_view kHighestTerm = "SELECT max(term) FROM freshet.terms";

std::uint64_t highest_term(clickhouse::Client& client) {
  return std::stoull(client.value(kHighestTerm, {.timeout = kAskTimeout}));
}

}  // namespace

Lead::Lead(LeadOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock), claim_(make_nonce()) {}

void Lead::claim(clickhouse::Client& client, const std::stop_token& stop) {
  client.execute("CREATE DATABASE IF NOT EXISTS freshet", {.timeout = kAskTimeout});
  client.execute(terms_table().create(), {.timeout = kAskTimeout});
  const std::uint64_t before = highest_term(client);
  const bool alone =
      options_.exclusive || before == 0 ||
      client.value(fmt::format("SELECT max(released) FROM freshet.terms WHERE term = {}", before),
                   {.timeout = kAskTimeout}) == "1";
  const std::uint64_t term = before + 1;
  const SteadyTime asked_at = clock_.steady();
  record(client, term, false, fmt::format("WHERE ({}) < {}", kHighestTerm, term));
  // Two may have found the same term free: then none of both has it, and each tries again.
  const std::string claims = client.value(
      fmt::format("SELECT arrayStringConcat(groupUniqArray(claim), ' ') FROM freshet.terms WHERE term = "
                  "({})",
                  kHighestTerm),
      {.timeout = kAskTimeout});
  if (claims != claim_) throw Error(ErrorKind::transient, "another load wanted the lead at the same moment");
  log::info("load_leads", {{"term", term}, {"holder", options_.holder}, {"waits", !alone}});
  if (!alone && !clock_.sleep(options_.deadline, stop))
    throw Error(ErrorKind::cancelled, "stopped while waiting for the predecessor's statements to end");
  term_ = term;
  const MutexLock lock(mutex_);
  confirmed_at_ = alone ? asked_at : SteadyTime{};
}

void Lead::release(clickhouse::Client& client) {
  try {
    record(client, term_, true, "");
  } catch (const Error& error) {
    log::warn("lead_not_released", {{"error", error.what()}});
  }
}

void Lead::record(clickhouse::Client& client, std::uint64_t term, bool released,
                  const std::string& condition) {
  client.execute(
      "INSERT INTO freshet.terms (term, claim, holder, released) SELECT {term:UInt64}, {claim:String}, "
      "{holder:String}, {released:UInt8} " +
          condition,
      {.params = {{"term", std::to_string(term)},
                  clickhouse::text_param("claim", claim_),
                  clickhouse::text_param("holder", options_.holder),
                  {"released", released ? "1" : "0"}},
       .timeout = kAskTimeout});
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
