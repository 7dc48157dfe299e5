// What load costs: load_bench [rows]. One large transaction of 13-column rows, by stage, and the time from a
// commit to its cut at 5,000 changes/s over 25 tables. Prints one line per figure; a report, not a test.
#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "base/bytes.h"
#include "change/tuple.h"
#include "journal/embedded.h"
#include "load/block.h"
#include "load/load.h"
#include "support/process.h"
#include "support/store.h"

namespace freshet::test {
namespace {

constexpr std::pair<const char*, const char*> kColumns[] = {{"id", "bigint"},
                                                            {"shop_id", "bigint"},
                                                            {"customer_id", "bigint"},
                                                            {"number", "integer"},
                                                            {"status", "text"},
                                                            {"currency", "character(3)"},
                                                            {"total", "numeric(14,2)"},
                                                            {"tax", "numeric(14,2)"},
                                                            {"test", "boolean"},
                                                            {"note", "text"},
                                                            {"token", "uuid"},
                                                            {"created_at", "timestamp with time zone"},
                                                            {"updated_at", "timestamp with time zone"}};

double cpu_seconds(int who = RUSAGE_SELF) {
  rusage usage{};
  getrusage(who, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + time.tv_usec / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Of another process, to 10 ms.
double cpu_seconds_of(pid_t pid) {
  std::ifstream stat(fmt::format("/proc/{}/stat", pid));
  std::string word;
  double ticks = 0;
  for (int i = 1; i <= 15 && stat >> word; ++i)
    if (i >= 14) ticks += std::stod(word);
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

contract::StreamContract contract_of(const std::string& table) {
  contract::StreamContract contract;
  contract.source = {"app", table};
  contract.mirror = table;
  for (const auto& [name, type] : kColumns) {
    contract::ColumnContract column;
    column.name = name;
    column.type = builtin_type(type);
    contract.columns.push_back(column);
  }
  contract.columns[0].key_position = 1;
  contract.columns[0].nullable = false;
  return contract;
}

TableSchema schema_of(const contract::StreamContract& contract) {
  TableSchema schema{1, "app", contract.source.table, ReplicaIdentity::primary_key, {}};
  for (const contract::ColumnContract& column : contract.columns)
    schema.columns.push_back({column.name, column.type, column.in_key(), column.nullable});
  return schema;
}

template <class T>
void append_number(std::string& tuple, T value) {
  std::string bytes;
  append_be(bytes, value);
  append_field(tuple, {Form::binary, bytes});
}

// 1234.56 as numeric_send writes it.
void append_money(std::string& tuple, int cents) {
  std::string bytes;
  for (const int word : {2, 0, 0, 2, cents / 100 % 10'000, cents % 100 * 100})
    append_be(bytes, static_cast<std::int16_t>(word));
  append_field(tuple, {Form::binary, bytes});
}

std::string tuple_of(std::int64_t id) {
  std::string tuple;
  append_number<std::int64_t>(tuple, id);
  append_number<std::int64_t>(tuple, id % 97);
  append_number<std::int64_t>(tuple, id * 7);
  append_number<std::int32_t>(tuple, static_cast<std::int32_t>(id));
  append_field(tuple, {Form::binary, "paid"});
  append_field(tuple, {Form::binary, "EUR"});
  append_money(tuple, static_cast<int>(id % 100'000 + 10'000));
  append_money(tuple, static_cast<int>(id % 10'000 + 10'000));
  append_field(tuple, {Form::binary, std::string_view("\0", 1)});
  append_field(tuple, {Form::binary, "left at the door of the neighbour"});
  append_field(tuple, {Form::binary, "0123456789abcdef"});
  append_number<std::int64_t>(tuple, 800'000'000'000'000 + id);
  append_number<std::int64_t>(tuple, 800'000'000'000'000 + 2 * id);
  return tuple;
}

class Feed {
 public:
  explicit Feed(const std::string& directory) {
    journal::EmbeddedOptions options;
    options.directory = directory;
    writer_ = journal::open_writer(options);
  }
  // One transaction and its watermark.
  template <class Append>
  Lsn transaction(const Append& append_all) {
    const std::uint64_t commit = lsn_ + 10'000'000;
    append_all([&](const TableSchema& schema, std::int64_t id) {
      const std::string tuple = tuple_of(id);
      Change change;
      change.op = Op::insert;
      change.commit_lsn = Lsn(commit);
      change.change_lsn = Lsn(++lsn_);
      change.schema = &schema;
      change.row = tuple;
      writer_->append(change);
    });
    lsn_ = commit;
    return writer_->seal(Lsn(commit), 1).get().commit_lsn;
  }

 private:
  std::unique_ptr<journal::Writer> writer_;
  std::uint64_t lsn_ = 1000;
};

class Running {
 public:
  Running(const std::string& journal, std::vector<contract::StreamContract> contracts,
          const std::string& url) {
    journal::EmbeddedOptions options;
    options.directory = journal;
    reader_ = journal::open_reader(options);
    load::LoadOptions load_options;
    load_options.lead = {.holder = "bench", .exclusive = true};
    load_options.encoding = clickhouse::Encoding::none;
    load_ =
        std::make_unique<load::Load>(load_options, std::move(contracts), *reader_, clickhouse::Endpoint(url));
    thread_ = std::jthread([this](std::stop_token stop) { load_->run(stop); });
  }
  bool reach(Lsn lsn) {
    return eventually([&] { return load_->status().cut >= lsn; }, std::chrono::seconds(120));
  }
  load::Load& load() { return *load_; }

 private:
  std::unique_ptr<journal::Reader> reader_;
  std::unique_ptr<load::Load> load_;
  std::jthread thread_;
};

void one_large_transaction(int rows) {
  TempDir dir;
  TestStore store;
  const contract::StreamContract contract = contract_of("orders");
  const TableSchema schema = schema_of(contract);
  Feed feed(dir.path());
  Running running(dir.path(), {contract}, store.url());
  running.reach(feed.transaction([&](const auto& append) { append(schema, 0); }));
  const Lsn goal = feed.transaction([&](const auto& append) {
    for (int id = 1; id <= rows; ++id) append(schema, id);
  });
  const double began = now();
  const double cpu = cpu_seconds();
  const double store_cpu = cpu_seconds_of(store.pid());
  running.reach(goal);
  const double took = now() - began;
  fmt::print("one transaction of {} rows: {:.2f} s, {:.0f} rows/s; CPU us/row: load {:.2f}, engine {:.2f}\n",
             rows, took, rows / took, (cpu_seconds() - cpu) / rows * 1e6,
             (cpu_seconds_of(store.pid()) - store_cpu) / rows * 1e6);

  journal::EmbeddedOptions options;
  options.directory = dir.path();
  const std::unique_ptr<journal::Reader> reader = journal::open_reader(options);
  const auto mark = reader->next(std::nullopt, ~0ULL, std::chrono::seconds(1));
  double at = cpu_seconds();
  std::vector<std::string> tuples;
  std::size_t bytes = 0;
  reader->read({}, mark->ends, [&](const Change& change, const auto&, auto) { bytes += change.row.size(); });
  fmt::print("  read: {:.2f} us/row\n", (cpu_seconds() - at) / rows * 1e6);
  const load::Mirror mirror = load::make_mirror(contract);
  load::Block block(mirror, schema);
  double decode = 0;
  double write = 0;
  std::string body;
  for (int first = 0; first < rows; first += 65'536) {
    tuples.clear();
    for (int id = first; id < std::min(rows, first + 65'536); ++id) tuples.push_back(tuple_of(id));
    at = cpu_seconds();
    for (const std::string& tuple : tuples) block.append({Version(1, Lsn(1), Lsn(1)), 0, 0}, tuple);
    decode += cpu_seconds() - at;
    at = cpu_seconds();
    body.clear();
    block.write(body, 1);
    block.clear();
    write += cpu_seconds() - at;
  }
  fmt::print("  decode: {:.2f} us/row, block: {:.2f} us/row\n", decode / rows * 1e6, write / rows * 1e6);
}

void many_small_rounds(int tables, int changes_per_second, int seconds) {
  TempDir dir;
  TestStore store;
  std::vector<contract::StreamContract> contracts;
  std::vector<TableSchema> schemas;
  for (int i = 0; i < tables; ++i) contracts.push_back(contract_of(fmt::format("t{}", i)));
  for (const contract::StreamContract& contract : contracts) schemas.push_back(schema_of(contract));
  Feed feed(dir.path());
  Running running(dir.path(), contracts, store.url());
  running.reach(feed.transaction([&](const auto& append) { append(schemas[0], 0); }));
  const double cpu = cpu_seconds();
  const double store_cpu = cpu_seconds_of(store.pid());
  std::vector<std::pair<Lsn, double>>
      commits;  // of each watermark: when its first change could have committed
  std::vector<double> latencies;
  std::vector<double> rounds;
  std::int64_t id = 1;
  std::uint64_t round = running.load().status().round;
  const double began = now();
  double due = began;
  while (now() < began + seconds) {
    const load::LoadStatus status = running.load().status();
    if (status.round != round) {
      round = status.round;
      rounds.push_back(static_cast<double>(status.last_round.count()));
    }
    while (!commits.empty() && status.cut >= commits.front().first) {
      latencies.push_back(now() - commits.front().second);
      commits.erase(commits.begin());
    }
    if (now() < due) {
      pause_between_looks();
      continue;
    }
    const double first = due;
    due += 0.1;
    const Lsn lsn = feed.transaction([&](const auto& append) {
      for (int i = 0; i < changes_per_second / 10; ++i)
        append(schemas[static_cast<std::size_t>(i % tables)], id++);
    });
    commits.emplace_back(lsn, first);
  }
  std::ranges::sort(latencies);
  std::ranges::sort(rounds);
  const auto at = [](const std::vector<double>& sorted, double share) {
    return sorted.empty() ? 0
                          : sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
  };
  fmt::print(
      "{} changes/s over {} tables: commit to cut p50 {:.0f} ms, p95 {:.0f}, p99 {:.0f}; round p50 {:.0f} "
      "ms, p99 "
      "{:.0f}; CPU share: load {:.2f}, engine {:.2f}\n",
      changes_per_second, tables, at(latencies, 0.5) * 1e3, at(latencies, 0.95) * 1e3,
      at(latencies, 0.99) * 1e3, at(rounds, 0.5), at(rounds, 0.99), (cpu_seconds() - cpu) / seconds,
      (cpu_seconds_of(store.pid()) - store_cpu) / seconds);
}

}  // namespace
}  // namespace freshet::test

int main(int count, char** arguments) {
  freshet::test::one_large_transaction(count > 1 ? std::stoi(arguments[1]) : 1'000'000);
  freshet::test::many_small_rounds(25, 5'000, 20);
}
