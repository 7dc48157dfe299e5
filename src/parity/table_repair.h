// One table's repair: which of the keys that differ may be read again, the line asked for them, and both
// sides compared once more. What it leaves alone it names.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "parity/differing.h"
#include "parity/following.h"
#include "parity/key_texts.h"
#include "parity/parity.h"
#include "parity/sides.h"
#include "parity/waiting_keys.h"

namespace freshet::parity {

class TableRepair {
 public:
  // `report`: of the comparison that found the keys; it becomes that of the state after the repair. `turn` as
  // TableParity's.
  TableRepair(const Options& options, const contract::StreamContract& contract, const ComparedTable& table,
              postgres::Connection& source, clickhouse::Client& mirror, Mutex& turn, std::stop_token stop,
              TableReport& report);

  void run(const Differing& found);

 private:
  using Texts = KeyTexts::Texts;
  struct Asked {
    DifferingKey key;
    Texts texts;
  };
  struct AskedIn {
    Window window;
    std::vector<Asked> keys;
  };

  std::vector<AskedIn> choose(const Differing& found);
  std::optional<std::string> why_left(const DifferingKey& key) const;
  bool removals_ask(const Differing& found) const;
  void leave(const DifferingKey& key, const std::string& why);
  void mend(std::vector<AskedIn> asked);
  void take_over();

  void count(const std::vector<AskedIn>& asked);
  void note(bool ended) const;
  void bring(const std::vector<AskedIn>& asked);
  void bring(const Window& window, std::span<const Asked> keys);
  std::vector<AskedIn> compare_again(const std::vector<AskedIn>& asked);
  void ask(std::span<const Asked> keys, const std::vector<std::uint64_t>& pending) const;
  void ask_again(std::span<const Asked> keys, const std::vector<std::uint64_t>& pending) const;
  void drop_quarantined(std::span<const Asked> keys, std::vector<std::uint64_t>& pending);

  const Options& options_;
  const Repair& repair_;
  const contract::StreamContract& contract_;
  const ComparedTable& table_;
  postgres::Connection& connection_;
  clickhouse::Client& client_;
  MirrorSide mirror_;
  Following following_;
  WaitingKeys waiting_;
  Mutex& turn_;
  std::stop_token stop_;
  TableReport& report_;
  Repaired repaired_;
  std::string extra_left_because_;  // rows that only the mirror has; empty: they may go
  std::map<std::string, std::vector<DifferingKey>> left_;  // by the reason
  std::vector<DifferingKey> still_;                        // of those that were asked for
  std::uint64_t given_up_ = 0;  // of those: they change all the time, or are in quarantine by now
  const std::int64_t began_;
};

}  // namespace freshet::parity
