#include "load/rig.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/files.h"

namespace freshet::test {

void PrintTo(const Row& row, std::ostream* to) {
  *to << fmt::format("({}, {}, {}, {})", row.id, row.name.value_or("NULL"), row.doc.value_or("NULL"),
                     row.amount.value_or("NULL"));
}

namespace {

std::optional<std::string> cell(const clickhouse::Cell& cell) {
  return cell;
}

Rows rows_of(const clickhouse::Rows& answer) {
  Rows rows;
  for (const auto& line : answer) {
    const Row row{std::stoll(line[0].value()), cell(line[1]), cell(line[2]), cell(line[3])};
    EXPECT_TRUE(rows.emplace(row.id, row).second) << "row " << row.id << " is there twice";
  }
  return rows;
}

Rows without(const Rows& rows, const Rows& others) {
  Rows left;
  for (const auto& [id, row] : rows)
    if (const auto other = others.find(id); other == others.end() || other->second != row) left[id] = row;
  return left;
}

// Names only the rows that differ.
void expect_same(const Rows& mirror, const Rows& source, const std::string& what) {
  EXPECT_EQ(without(mirror, source), without(source, mirror)) << what;
}

// As a contract has them that takes a NaN for NULL.
Rows without_nan(Rows rows) {
  for (auto& [id, row] : rows)
    if (row.amount == "NaN") row.amount.reset();
  return rows;
}

constexpr const char* kColumns = "id, name, doc, toDecimalString(amount, 2)";

}  // namespace

TestStore& engine() {
  static TestStore store;
  return store;
}

Rig::Rig(std::vector<contract::StreamContract> contracts, std::uint64_t journal_limit)
    : contracts_(std::move(contracts)),
      source_(dir_.path(), journal_limit),
      client_(clickhouse::Endpoint(engine().url())) {
  for (const char* database : {"raw", "src", "lookup", "staged", "freshet", "frozen"})
    client_.execute(fmt::format("DROP DATABASE IF EXISTS {} SYNC", database));
}

Rig::~Rig() {
  stop();
}

void Rig::start() {
  journal::EmbeddedOptions journal;
  journal.directory = dir_.path();
  reader_ = journal::open_reader(journal);
  load::LoadOptions options;
  options.lead = {.holder = "test", .exclusive = true};
  options.encoding = clickhouse::Encoding::none;
  if (batch_bytes_max) options.batch_bytes_max = *batch_bytes_max;
  if (walk_rows) options.walk_rows = *walk_rows;
  if (fill_bytes_max) options.fill_bytes_max = *fill_bytes_max;
  if (answer_bytes_max) options.answer_bytes_max = *answer_bytes_max;
  if (sweep) options.sweep = *sweep;
  if (quarantine_bytes_max) options.quarantine_bytes_max = *quarantine_bytes_max;
  if (replay_rows) options.replay_rows = *replay_rows;
  if (catch_up_bytes) options.catch_up_bytes = *catch_up_bytes;
  options.on_unresolved = [this](load::UnresolvedKeys keys) { unresolved.push_back(std::move(keys)); };
  load_ = std::make_unique<load::Load>(options, contracts_, *reader_, clickhouse::Endpoint(engine().url()));
  failure_ = {};
  thread_ = std::jthread([this](std::stop_token stop) {
    try {
      load_->run(stop);
    } catch (const Error& error) {
      failure_.set_value(error);
    }
  });
}

std::set<std::string> Rig::gaps() const {
  journal::EmbeddedOptions journal;
  journal.directory = dir_.path();
  std::set<std::string> streams;
  for (const auto& [partition, end] : journal::open_reader(journal)->gaps()) streams.insert(partition.stream);
  return streams;
}

Error Rig::failure() {
  failure_expected_ = true;
  std::future<Error> failure = failure_.get_future();
  if (failure.wait_for(std::chrono::seconds(20)) != std::future_status::ready)
    return Error(ErrorKind::transient, "load has not ended");
  return failure.get();
}

void Rig::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  if (failure_expected_) return;
  std::future<Error> failure = failure_.get_future();
  if (failure.wait_for(std::chrono::seconds(0)) == std::future_status::ready)
    ADD_FAILURE() << failure.get().what();
}

void Rig::reach(Lsn lsn) {
  EXPECT_TRUE(eventually([&] { return load_->status().cut >= lsn; }))
      << "stands at " << to_string(load_->status().cut) << ", not " << to_string(lsn) << ": "
      << load_->status().error;
}

void Rig::settle() {
  reach(source_.seal().commit_lsn);
}

int Rig::run_child(Lsn lsn, const std::string& crash_at, Child child_does) {
  ProcessOptions child;
  const std::string program = built("load_child");
  child.arguments = {program, engine().url(), dir_.path(), std::to_string(lsn.value())};
  if (child_does == Child::allow_sweeps) child.arguments.push_back("allow-sweeps");
  if (child_does == Child::replay || child_does == Child::replay_leniently)
    child.arguments.push_back("replay");
  if (child_does == Child::replay_leniently) child.arguments.push_back("nan-is-null");
  if (!crash_at.empty()) child.environment = {"FRESHET_CRASH_AT=" + crash_at};
  if (fill_bytes_max) child.environment.push_back(fmt::format("FILL_BYTES_MAX={}", *fill_bytes_max));
  if (catch_up_bytes) child.environment.push_back(fmt::format("CATCH_UP_BYTES={}", *catch_up_bytes));
  return run(child);
}

Rows Rig::live(const std::string& mirror, const std::string& from) {
  const bool keeps = mirror == "keeps";
  return rows_of(
      client_.rows(fmt::format("SELECT {} FROM {} {}", kColumns, from.empty() ? "src." + mirror : from,
                               keeps && from.empty() ? "WHERE NOT is_deleted" : "")));
}

Rows Rig::deleted(const std::string& mirror) {
  return rows_of(client_.rows(fmt::format("SELECT {} FROM src.{} WHERE is_deleted", kColumns, mirror)));
}

void Rig::expect_equal(const std::string& table) {
  expect_same(live(table), without_nan(source_.rows(table)), table);
  if (table == "keeps") expect_same(deleted(table), without_nan(source_.kept(table)), table + ", deleted");
}

void Rig::expect_equal_or_waiting(const std::string& table) {
  Rows mirror = deleted(table);
  Rows source = without_nan(source_.kept(table));
  for (const auto& key : client_.rows(fmt::format(
           "SELECT reinterpretAsInt64(key) FROM (SELECT * FROM freshet.quarantine WHERE table = '{}' "
           "ORDER BY version, key, round DESC, done_round DESC LIMIT 1 BY version, key) WHERE done_round = 0",
           table))) {
    mirror.erase(std::stoll(key[0].value()));
    source.erase(std::stoll(key[0].value()));
  }
  expect_same(mirror, source, table + ", deleted");
  expect_same(live(table), without_nan(source_.rows(table)), table);
}

std::optional<load::TableStatus> Rig::status_of(const std::string& stream) {
  for (const load::TableStatus& table : load_->status().tables)
    if (table.stream == stream) return table;
  return std::nullopt;
}

}  // namespace freshet::test
