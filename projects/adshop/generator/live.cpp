#include "live.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "adapter/postgres/connection.h"
#include "base/log.h"
#include "mix.h"
#include "oddities.h"

namespace freshet::adshop {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kTick{20};  // a batch each: 50 flushes of the server's log a second
constexpr std::int64_t kChangesPerOddity = 150;
constexpr std::int64_t kChangesPerBatch = 2'000;  // a statement stays below a few hundred kilobytes
constexpr seconds kDebtMax{1};                    // after a stall, not more than this much is caught up
constexpr int kRefusalsMax = 20;                  // in a row
constexpr milliseconds kBackOffMin{100};
constexpr milliseconds kBackOffMax{5'000};

class Live {
 public:
  Live(const LiveOptions& options, const Clock& clock, std::stop_token stop, const LiveReport& report)
      : options_(options),
        clock_(clock),
        stop_(std::move(stop)),
        report_(report),
        random_(options.seed, "live") {}

  LiveTotals run() {
    begun_ = reported_ = clock_.steady();
    bool connected_before = false;
    milliseconds back_off = kBackOffMin;
    while (!is_over()) {
      try {
        connect();
        if (connected_before) ++totals_.reconnects;
        connected_before = true;
        back_off = kBackOffMin;
        generate();
      } catch (const postgres::SqlError& error) {
        // A refusal was dealt with where it happened; this is a server that went away, or was never there.
        if (!error.may_pass() || !connected_before) throw;
        log::warn("generator_waits_for_server", {{"error", error.message()}});
        clock_.sleep(back_off, stop_);
        back_off = std::min(back_off * 2, kBackOffMax);
      }
      report_each_second();
    }
    return totals();
  }

 private:
  bool is_over() const {
    return stop_.stop_requested() || (options_.duration && clock_.steady() - begun_ >= *options_.duration);
  }

  void connect() {
    connection_ = std::make_unique<postgres::Connection>(
        postgres::ConnectOptions{.url = options_.url, .purpose = "adshop-generator live"});
    connection_->run("SET synchronous_commit = off");
    if (options_.unchecked) connection_->run("SET session_replication_role = replica");
    ids_ = std::make_unique<SequenceIds>(*connection_);
    // Another run with the same seed on the same database must not invent the same uuids again: where the
    // sequence stands tells runs apart.
    random_ = Random(options_.seed, fmt::format("live {}", ids_->next(Table::page_views)));
    look_around();
    paid_up_to_ = clock_.steady();
  }

  // What is in the database now; on the first connection and whenever our memory proved to be wrong.
  void look_around() {
    batch_.clear();
    world_ = load_world(*connection_);
    memory_ = std::make_unique<Memory>(load_memory(*connection_, world_, clock_.wall()));
  }

  void generate() {
    while (!is_over()) {
      const std::int64_t due = changes_due();
      if (due > 0) {
        invent(due);
        send();
      }
      report_each_second();
      const auto next = paid_up_to_ + kTick;
      const auto left = std::chrono::duration_cast<milliseconds>(next - clock_.steady());
      if (left > milliseconds(0)) clock_.sleep(left, stop_);
    }
  }

  // Changes that the rate asks for by now; advances paid_up_to_ by exactly their time.
  std::int64_t changes_due() {
    const auto now = clock_.steady();
    if (now - paid_up_to_ > kDebtMax) paid_up_to_ = now - kDebtMax;
    const double owed = std::chrono::duration<double>(now - paid_up_to_).count() * options_.rate + fraction_;
    const auto due = std::min(static_cast<std::int64_t>(owed), kChangesPerBatch);
    if (due < kChangesPerBatch) {
      fraction_ = owed - static_cast<double>(due);
      paid_up_to_ = now;
    } else {
      paid_up_to_ += std::chrono::duration_cast<SteadyTime::duration>(
          std::chrono::duration<double>(static_cast<double>(due) / options_.rate));
    }
    return due;
  }

  void invent(std::int64_t changes) {
    Scene scene{world_, *memory_, batch_, random_, *ids_, clock_.wall()};
    if (options_.oddities) {
      for (since_oddity_ += changes; since_oddity_ >= kChangesPerOddity; since_oddity_ -= kChangesPerOddity) {
        oddities_.perform(scene);
      }
      odd_changes_ += batch_.changes();
    }
    const std::int64_t odd = std::min(odd_changes_, changes);
    odd_changes_ -= odd;
    if (odd < changes) mix_.add(scene, changes - odd);
  }

  void send() {
    batch_.commit();
    if (batch_.empty()) return;
    const std::int64_t changes = batch_.changes();
    const std::int64_t transactions = batch_.transactions();
    try {
      connection_->run(batch_.take());
    } catch (const postgres::SqlError& error) {
      if (error.sqlstate().empty() || error.sqlstate().starts_with("57P")) throw;
      refused(error);
      return;
    }
    refusals_ = 0;
    totals_.changes += changes;
    totals_.transactions += transactions;
  }

  // Somebody else changed what we remember (a test that deletes rows, a DDL): take back, look again, go on.
  void refused(const postgres::SqlError& error) {
    ++totals_.failures;
    log::warn("generator_batch_refused", {{"error", error.message()}, {"sqlstate", error.sqlstate()}});
    if (++refusals_ >= kRefusalsMax) {
      throw Error(error.kind(), "the database keeps refusing: " + error.message(), error.hint());
    }
    connection_->run("ROLLBACK");
    look_around();
  }

  LiveTotals totals() {
    totals_.time = clock_.steady() - begun_;
    totals_.oddities = oddities_.performed();
    return totals_;
  }

  void report_each_second() {
    if (clock_.steady() - reported_ < seconds(1)) return;
    reported_ = clock_.steady();
    report_(totals());
  }

  LiveOptions options_;
  const Clock& clock_;
  std::stop_token stop_;
  const LiveReport& report_;
  Random random_;
  std::unique_ptr<postgres::Connection> connection_;
  std::unique_ptr<SequenceIds> ids_;
  World world_;
  std::unique_ptr<Memory> memory_;
  Batch batch_;
  Mix mix_;
  Oddities oddities_;
  LiveTotals totals_;
  SteadyTime begun_;
  SteadyTime reported_;
  SteadyTime paid_up_to_;          // up to when the rate has been served
  double fraction_ = 0;            // of a change, owed from the last tick
  std::int64_t odd_changes_ = 0;   // of oddities, still to be taken off the mix
  std::int64_t since_oddity_ = 0;  // changes
  int refusals_ = 0;               // in a row
};

}  // namespace

LiveTotals run_live(const LiveOptions& options, const Clock& clock, std::stop_token stop,
                    const LiveReport& report) {
  return Live(options, clock, std::move(stop), report).run();
}

}  // namespace freshet::adshop
