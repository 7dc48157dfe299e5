// Writes the seeds of the corpus that are made by the real writers: fuzz_seeds CORPUS. To be run again when a
// format changes; requests and YAML files are kept as they came from clients and projects.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/error.h"
#include "capture/pgoutput_bytes.h"
#include "fuzz/folder.h"
#include "journal/embedded.h"
#include "journal/record.h"
#include "support/process.h"

namespace freshet::fuzz {
namespace {

namespace pg = capture::test;
using namespace journal;

class Corpus {
 public:
  Corpus(const std::filesystem::path& parent, const std::string& target) : folder_(parent / target) {
    std::filesystem::create_directories(folder_);
  }
  void add(const std::string& name, std::string_view bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }

 private:
  std::filesystem::path folder_;
};

void write_pgoutput(const Corpus& corpus) {
  corpus.add("begin", pg::begin(0x1952cd8, 843'000'000, 740));
  corpus.add("commit", pg::commit(16, 24, 1));
  corpus.add("message", pg::message("freshet", "hello", 99));
  corpus.add("stream_start", pg::stream_start(9));
  corpus.add("stream_stop", pg::stream_stop());
  corpus.add("stream_commit", pg::stream_commit(9, 64));
  corpus.add("stream_abort", pg::stream_abort(9, 10));
  corpus.add("origin", std::string("O\0\0\0\0\0\0\0\x4d"
                                   "elsewhere\0",
                                   19));
  corpus.add("type", std::string("Y\0\0\x40\1app\0mood\0", 14));
  for (const std::uint32_t xid : {0u, 901u}) {
    const std::string suffix = xid == 0 ? "" : "_streamed";
    corpus.add("relation" + suffix, pg::relation(5, "app", "t", {{"id", 23, true}, {"name"}}, 'f', xid));
    corpus.add("insert" + suffix, pg::insert(5, {"1", "", "~"}, xid));
    corpus.add("update" + suffix, pg::update(5, 0, {}, {"1", "~"}, xid));
    corpus.add("update_full" + suffix, pg::update(5, 'O', {"1", "long"}, {"1", "~"}, xid));
    corpus.add("update_key" + suffix, pg::update(5, 'K', {"1", ""}, {"2", "~"}, xid));
    corpus.add("delete" + suffix, pg::remove(5, 'K', {"1", ""}, xid));
    corpus.add("truncate" + suffix, pg::truncate({5, 6}, xid));
  }
}

TableSchema make_table(const std::string& name) {
  TableSchema table;
  table.relation_oid = 16385;
  table.schema = "app";
  table.table = name;
  table.columns.push_back({"id", builtin_type("integer"), true, false});
  table.columns.push_back({"total", builtin_type("numeric(14,2)"), false, true});
  table.columns.push_back({"tags", builtin_type("text[]"), false, true});
  return table;
}

std::string row_of(int id, const std::string& text) {
  std::string row;
  append_field(row, {Form::text, std::to_string(id)});
  append_field(row, {Form::null, {}});
  append_field(row, {Form::text, text});
  return row;
}

Change change_of(const TableSchema& table, Op op, int id, const std::string& row) {
  Change change;
  change.op = op;
  change.commit_lsn = Lsn(static_cast<std::uint64_t>(1000 + id));
  change.change_lsn = Lsn(static_cast<std::uint64_t>(900 + id));
  change.xid = 740;
  change.committed_at = 1'700'000'000'000'000;
  change.schema = &table;
  change.row = row;
  return change;
}

void write_record(const Corpus& corpus) {
  const TableSchema table = make_table("orders");
  const std::string row = row_of(1, "{a,NULL}");
  std::string records = "r";
  for (const Op op : {Op::insert, Op::update, Op::snapshot_row})
    append_record(records, change_of(table, op, 1, row));
  Change gone = change_of(table, Op::remove, 1, {});
  gone.old = row;
  append_record(records, gone);
  corpus.add("records", records);
  corpus.add("schema", "s" + encode_schema(table));
  corpus.add("tuple", "t" + row + "u" + std::string("b\0\0\0\2\0\1", 7));
}

struct Confirmed : DurabilityWitness<Confirmed> {
  static Durable<Ends> ends(Ends ends) { return confirm(std::move(ends)); }
};

void seal(Writer& writer, const TableSchema& table, int id, const std::string& text) {
  const std::string row = row_of(id, text);
  writer.append(change_of(table, Op::insert, id, row));
  writer.seal(Lsn(static_cast<std::uint64_t>(1000 + id)), id);
}

// Small segments, so that there are several.
EmbeddedOptions options_in(const test::TempDir& folder) {
  return {.directory = folder.path() + "/journal", .limit = 16 << 10, .segment_bytes = 1 << 10};
}

void write_segments(const Corpus& corpus) {
  const TableSchema orders = make_table("orders");
  const TableSchema refunds = make_table("refunds");
  const test::TempDir folder;
  const EmbeddedOptions options = options_in(folder);
  auto writer = open_writer(options);
  corpus.add("new", pack_folder(options.directory));
  writer->keep("notes of capture");
  seal(*writer, orders, 1, "{one}");
  corpus.add("one", pack_folder(options.directory));
  seal(*writer, refunds, 2, std::string(500, 'x'));
  seal(*writer, orders, 3, "{}");
  corpus.add("packed", pack_folder(options.directory));
  const std::string torn = pack_folder(options.directory);
  corpus.add("torn", std::string_view(torn).substr(0, torn.size() / 2));
  writer.reset();
  writer = open_writer(options);  // another generation
  writer->set_epoch(1);
  for (int id = 4; id < 12; ++id) seal(*writer, id % 3 == 0 ? refunds : orders, id, "{three,four}");
  corpus.add("generations", pack_folder(options.directory));
  open_reader(options)->release(Confirmed::ends(writer->last()->ends), {});
  writer->room();
  corpus.add("released", pack_folder(options.directory));
}

// A stream that doesn't run: what it needs is moved aside.
void write_held(const Corpus& corpus) {
  const TableSchema orders = make_table("orders");
  const TableSchema refunds = make_table("refunds");
  const test::TempDir folder;
  const EmbeddedOptions options = options_in(folder);
  const auto writer = open_writer(options);
  for (int id = 1; id < 12; ++id) seal(*writer, id == 1 ? refunds : orders, id, "{a}");
  Ends ends = writer->last()->ends;
  ends.erase({stream_name(refunds), 0});
  open_reader(options)->release(Confirmed::ends(std::move(ends)), {stream_name(refunds)});
  writer->room();
  corpus.add("held", pack_folder(options.directory));
}

}  // namespace
}  // namespace freshet::fuzz

int main(int count, char** arguments) try {
  using namespace freshet::fuzz;
  if (count != 2) {
    std::fputs("usage: fuzz_seeds CORPUS\n", stderr);
    return 2;
  }
  const std::filesystem::path parent = arguments[1];
  write_pgoutput({parent, "pgoutput"});
  write_record({parent, "record"});
  write_segments({parent, "segments"});
  write_held({parent, "segments"});
  return 0;
} catch (const freshet::Error& error) {
  std::fprintf(stderr, "fuzz_seeds: %s\n", error.what());
  return 1;
}
