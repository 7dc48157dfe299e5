// What a row of 150 bytes costs in the embedded journal: appended (packed and written, a seal every 1,000
// rows) and read. The argument is the number of streams that the rows are spread over.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <random>

#include "change/tuple.h"
#include "journal/embedded.h"

namespace freshet::journal {
namespace {

constexpr std::size_t kRowsPerSeal = 1000;
constexpr int kColumns = 13;

struct Rows {
  explicit Rows(std::size_t streams) {
    for (std::size_t i = 0; i < streams; ++i) {
      TableSchema& table = tables.emplace_back();
      table.schema = "app";
      table.table = "t" + std::to_string(i);
      for (int column = 0; column < kColumns; ++column)
        table.columns.push_back({"c" + std::to_string(column), builtin_type(20, -1)});
    }
    for (std::string& row : rows)
      for (int column = 0; column < kColumns; ++column) {
        // Half of each value is common to all rows, as it is in real tables.
        std::string value(7, '\0');
        for (std::size_t i = 4; i < value.size(); ++i) value[i] = static_cast<char>(random());
        append_field(row, {Form::binary, value});
      }
  }

  void append_and_seal(Writer& writer) {
    ++lsn;
    for (std::size_t i = 0; i < kRowsPerSeal; ++i) {
      Change change;
      change.commit_lsn = Lsn(lsn);
      change.change_lsn = Lsn(lsn * kRowsPerSeal + i);
      change.schema = &tables[i % tables.size()];
      change.row = rows[random() % rows.size()];
      writer.append(change);
    }
    writer.seal(Lsn(lsn), 0);
  }

  std::mt19937 random{1};
  std::vector<TableSchema> tables;
  std::vector<std::string> rows = std::vector<std::string>(5000);
  std::uint64_t lsn = 0;
};

class Folder {
 public:
  Folder() { std::filesystem::remove_all(path_); }
  ~Folder() { std::filesystem::remove_all(path_); }
  EmbeddedOptions options() const { return {.directory = path_}; }

 private:
  std::filesystem::path path_ = std::filesystem::temp_directory_path() / "freshet-bench-journal";
};

void append_and_seal(benchmark::State& state) {
  const Folder folder;
  Rows rows(static_cast<std::size_t>(state.range(0)));
  const auto writer = open_writer(folder.options());
  for (auto _ : state) rows.append_and_seal(*writer);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRowsPerSeal));
}

void read(benchmark::State& state) {
  const Folder folder;
  Rows rows(static_cast<std::size_t>(state.range(0)));
  const auto writer = open_writer(folder.options());
  for (int i = 0; i < 200; ++i) rows.append_and_seal(*writer);
  const auto reader = open_reader(folder.options());
  std::int64_t count = 0;
  for (auto _ : state) {
    const auto all = reader->next({}, ~std::uint64_t{0}, std::chrono::milliseconds(0));
    reader->read({}, all->ends, [&](const Change&, const Partition&, Offset) { ++count; });
  }
  state.SetItemsProcessed(count);
}

BENCHMARK(append_and_seal)->Arg(1)->Arg(25)->Arg(500);
BENCHMARK(read)->Arg(1)->Arg(25)->Arg(500);

}  // namespace
}  // namespace freshet::journal

BENCHMARK_MAIN();
