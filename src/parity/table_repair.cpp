#include "parity/table_repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "adapter/postgres/barrier.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/shell_word.h"
#include "parity/table_parity.h"

namespace freshet::parity {
namespace {

// A change that comes while its row is read anew may take a value from the row as it was, and win.
constexpr int kAttempts = 3;
constexpr std::size_t kKeysAtOnce = 5'000;
constexpr std::size_t kBytesAtOnce = 1 << 20;  // of their texts: a line of the control socket holds them
constexpr std::chrono::milliseconds kBetweenLooks{500};
// What was asked for is forgotten with a process that is killed.
constexpr std::chrono::seconds kAskAgainEvery{15};

template <class In>
std::size_t keys_in(const std::vector<In>& windows) {
  std::size_t keys = 0;
  for (const In& window : windows) keys += window.keys.size();
  return keys;
}

template <class Asked>
std::vector<std::uint64_t> hashes_of(std::span<const Asked> keys) {
  std::vector<std::uint64_t> hashes;
  for (const Asked& asked : keys) hashes.push_back(asked.key.hash);
  return hashes;
}

std::int64_t micros(WallTime at) {
  return std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
}

}  // namespace

TableRepair::TableRepair(const Options& options, const contract::StreamContract& contract,
                         const ComparedTable& table, postgres::Connection& source, clickhouse::Client& mirror,
                         Mutex& turn, std::stop_token stop, TableReport& report)
    : options_(options),
      repair_(*options.repair),
      contract_(contract),
      table_(table),
      connection_(source),
      client_(mirror),
      mirror_(mirror, table),
      following_(mirror, table),
      waiting_(mirror, source, table),
      turn_(turn),
      stop_(std::move(stop)),
      report_(report),
      began_(micros(system_clock().wall())) {}

void TableRepair::run(const Differing& found) {
  if (!found.all_kept()) {
    report_.repaired.emplace().left.push_back(
        fmt::format("more than {} keys differ, reads all of it again: freshet snapshot {}", repair_.keys_max,
                    shell_word(table_.name)));
    return;
  }
  std::vector<AskedIn> asked = choose(found);
  count(asked);
  if (repaired_.asked() > 0) mend(std::move(asked));
  take_over();
}

void TableRepair::mend(std::vector<AskedIn> asked) {
  note(false);
  for (int attempt = 0; attempt < kAttempts && keys_in(asked) > 0; ++attempt) {
    bring(asked);
    asked = compare_again(asked);
  }
  repaired_.mended = repaired_.asked() - std::min(repaired_.asked(), still_.size() + given_up_);
  note(true);
}

// Those that may be read again, with their texts.
std::vector<TableRepair::AskedIn> TableRepair::choose(const Differing& found) {
  if (report_.unswept > 0)
    extra_left_because_ = "the source lacks them, and a sweep asks about such rows: freshet sweep list";
  else if (removals_ask(found))
    extra_left_because_ = fmt::format(
        "the source lacks them, and they are more than {} % of the mirror; look at the source, then let them "
        "go: freshet parity --repair --yes",
        contract_.sweep_ask_above.value_or(repair_.ask_above));
  std::vector<AskedIn> chosen;
  for (const DifferingIn& in : found.windows()) {
    std::vector<DifferingKey> keys;
    for (const DifferingKey& key : in.keys) {
      if (const auto why = why_left(key))
        leave(key, *why);
      else
        keys.push_back(key);
    }
    if (keys.empty()) continue;
    AskedIn& asked = chosen.emplace_back(AskedIn{in.window, {}});
    const std::vector<std::optional<Texts>> texts = KeyTexts(connection_, table_).of(keys);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (texts[i])
        asked.keys.push_back({std::move(keys[i]), *texts[i]});
      else
        leave(keys[i], fmt::format("the source can't be asked for such a key; a sweep finds them: freshet "
                                   "snapshot {}",
                                   shell_word(table_.name)));
    }
  }
  return chosen;
}

std::optional<std::string> TableRepair::why_left(const DifferingKey& key) const {
  if (key.waits) return "changes of them wait in quarantine: freshet quarantine list";
  if (key.side == Side::rows) return "the source has more than one row of each";
  if (key.side == Side::only_in_mirror && !extra_left_because_.empty()) return extra_left_because_;
  return std::nullopt;
}

// As a sweep does (limits.sweep_ask_above): the source may have lost its rows by accident.
bool TableRepair::removals_ask(const Differing& found) const {
  if (repair_.removals_allowed) return false;
  std::uint64_t extra = 0;
  for (const DifferingIn& in : found.windows())
    extra += static_cast<std::uint64_t>(std::ranges::count_if(
        in.keys, [](const DifferingKey& key) { return key.side == Side::only_in_mirror && !key.waits; }));
  const double share = contract_.sweep_ask_above.value_or(repair_.ask_above) / 100.0;
  return extra > repair_.unasked_rows &&
         static_cast<double>(extra) > share * static_cast<double>(report_.mirror_rows);
}

void TableRepair::leave(const DifferingKey& key, const std::string& why) {
  left_[why].push_back(key);
}

// What the table is like now: keys that were left alone differ as they were found.
void TableRepair::take_over() {
  report_.verdict = report_.reason.empty() ? Verdict::equal : Verdict::undecided;
  report_.different = report_.explained = 0;
  report_.differences.clear();
  for (const DifferingKey& key : still_)
    report_.differs(key.side, readable(key.canonical, table_.key), key.waits);
  for (const auto& [why, keys] : left_) {
    repaired_.left.push_back(fmt::format("{} keys: {}", keys.size(), why));
    for (const DifferingKey& key : keys)
      report_.differs(key.side, readable(key.canonical, table_.key), key.waits);
  }
  report_.repaired = std::move(repaired_);
}

void TableRepair::count(const std::vector<AskedIn>& asked) {
  for (const AskedIn& in : asked) {
    for (const Asked& one : in.keys) {
      switch (one.key.side) {
        case Side::only_in_source: ++repaired_.missing; break;
        case Side::only_in_mirror: ++repaired_.extra; break;
        case Side::values:
        case Side::rows: ++repaired_.values; break;
      }
    }
  }
}

void TableRepair::note(bool ended) const {
  repair_.note({.stream = table_.name,
                .began = began_,
                .missing = repaired_.missing,
                .extra = repaired_.extra,
                .values = repaired_.values,
                .ended = ended,
                .mended = repaired_.mended});
}

void TableRepair::bring(const std::vector<AskedIn>& asked) {
  for (const AskedIn& in : asked) {
    std::span<const Asked> keys = in.keys;
    while (!keys.empty()) {
      std::size_t count = 0;
      for (std::size_t bytes = 0; count < std::min(keys.size(), kKeysAtOnce) && bytes < kBytesAtOnce; ++count)
        for (const std::string& text : keys[count].texts) bytes += text.size();
      bring(in.window, keys.first(count));
      keys = keys.subspan(count);
    }
  }
}

// Asks for these keys until each has a version of the repair, or of a change since, which has all that the
// reading would bring. Where some don't come by the deadline, the comparison says what they are.
void TableRepair::bring(const Window& window, std::span<const Asked> keys) {
  const Clock& clock = system_clock();
  const Deadline deadline(clock, options_.cut_deadline);
  const Lsn since = postgres::insert_lsn(connection_);
  std::vector<std::uint64_t> pending = hashes_of(keys);
  following_.require_running();
  ask(keys, pending);
  SteadyTime asked_at = clock.steady();
  while (!pending.empty() && !deadline.passed()) {
    if (!clock.sleep(kBetweenLooks, stop_))
      throw Error(ErrorKind::cancelled, "stopped while keys were read again");
    following_.require_running();
    const std::vector<std::uint64_t> came = mirror_.changed_since(since, window, single_keys(pending).slice);
    std::erase_if(pending, [&](std::uint64_t hash) { return std::ranges::binary_search(came, hash); });
    if (clock.steady() - asked_at < kAskAgainEvery) continue;
    drop_quarantined(keys, pending);
    ask_again(keys, pending);
    asked_at = clock.steady();
  }
}

// Load may find that what was read has no place in the mirror.
void TableRepair::drop_quarantined(std::span<const Asked> keys, std::vector<std::uint64_t>& pending) {
  std::map<std::string, std::uint64_t> by_key;
  std::vector<std::string> names;
  for (const Asked& asked : keys) {
    by_key.emplace(asked.key.canonical, asked.key.hash);
    names.push_back(asked.key.canonical);
  }
  for (const std::string& key : waiting_.among(names)) std::erase(pending, by_key.at(key));
}

void TableRepair::ask(std::span<const Asked> keys, const std::vector<std::uint64_t>& pending) const {
  KeysToRead request{contract_.source.schema, contract_.source.table, {}, {}};
  for (const ComparedColumn& column : table_.key) request.columns.push_back(column.name);
  const std::set<std::uint64_t> wanted(pending.begin(), pending.end());
  for (const Asked& asked : keys)
    if (wanted.contains(asked.key.hash)) request.keys.push_back(asked.texts);
  repair_.read_keys(request);
}

// Whoever was killed may be starting again.
void TableRepair::ask_again(std::span<const Asked> keys, const std::vector<std::uint64_t>& pending) const {
  if (pending.empty()) return;
  try {
    ask(keys, pending);
  } catch (const Error& error) {
    log::warn("keys_not_asked_for", {{"stream", table_.name}, {"message", error.message()}});
  }
}

// Both sides of these keys once more: those to ask for again.
std::vector<TableRepair::AskedIn> TableRepair::compare_again(const std::vector<AskedIn>& asked) {
  TableReport now;
  Differing found(repair_.keys_max);
  TableParity parity(options_, table_, connection_, client_, turn_, stop_, now, &found);
  for (const AskedIn& in : asked) parity.compare_again(in.window, hashes_of(std::span<const Asked>(in.keys)));
  report_.cut = now.cut;
  given_up_ += now.undecided;
  if (now.undecided > 0) report_.leave_undecided(now.undecided, now.reason);

  still_.clear();
  std::set<std::uint64_t> differ;
  for (const DifferingIn& in : found.windows()) {
    for (const DifferingKey& key : in.keys) {
      if (const auto why = why_left(key)) {
        leave(key, *why);
        ++given_up_;
        continue;
      }
      differ.insert(key.hash);
      still_.push_back(key);
    }
  }
  std::vector<AskedIn> again;
  for (const AskedIn& in : asked) {
    AskedIn keys{in.window, {}};
    std::ranges::copy_if(in.keys, std::back_inserter(keys.keys),
                         [&](const Asked& one) { return differ.contains(one.key.hash); });
    if (!keys.keys.empty()) again.push_back(std::move(keys));
  }
  return again;
}

}  // namespace freshet::parity
