#include "journal/kafka/envelope.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "change/tuple.h"

namespace freshet::journal {
namespace {

TableSchema table_of(std::vector<std::pair<std::string, PgType>> columns) {
  TableSchema table;
  table.schema = "app";
  table.table = "orders";
  for (auto& [name, type] : columns) {
    type.name = name;
    table.columns.push_back({name, type, table.columns.empty(), !table.columns.empty()});
  }
  return table;
}

std::string tuple_of(const std::vector<Field>& fields) {
  std::string tuple;
  for (const Field& field : fields) append_field(tuple, field);
  return tuple;
}

Field text(std::string_view bytes) {
  return {Form::text, bytes};
}

struct Written {
  std::string key;
  std::string value;
};

Written write(const TableSchema& table, const Change& change) {
  Written written;
  EnvelopeWriter({"shop", "adshop"}, table).write(change, written.key, written.value);
  return written;
}

Change order(const TableSchema& table, Op op, const std::string& old, const std::string& row) {
  Change change;
  change.op = op;
  change.epoch = 1;
  change.generation = Generation(7);
  change.commit_lsn = Lsn(0x16B3748);
  change.change_lsn = Lsn(0x16B3700);
  change.xid = 555;
  change.committed_at = 1'700'000'000'000'001;
  change.schema = &table;
  change.old = old;
  change.row = row;
  return change;
}

TEST(Envelope, IsWhatReadersOfSuchTopicsKnow) {
  const TableSchema table = table_of({{"id", builtin_type("bigint")}, {"state", builtin_type("text")}});
  const std::string row = tuple_of({text("9"), text("paid \"now\"")});
  const Written written = write(table, order(table, Op::update, "", row));
  EXPECT_EQ(written.key, R"({"id":9})");
  const std::string shape = fmt::format("{:016x}", shape_id(table));
  EXPECT_EQ(written.value,
            R"({"freshet":{"op":"update","flags":0,"epoch":1,"generation":7,"shape":")" + shape +
                R"("},"source":{"version":"freshet-1","connector":"postgresql","name":"shop","db":"adshop",)"
                R"("schema":"app","table":"orders","snapshot":"false","txId":555,"lsn":23803648,)"
                R"("sequence":"[\"23803720\",\"23803648\"]","ts_us":1700000000000001},"op":"u",)"
                R"("before":null,"after":{"id":9,"state":"paid \"now\""}})");
}

// From PostgreSQL's text to JSON and back.
struct TextAndJson {
  const char* type;
  const char* text;
  const char* json;
};

TEST(Envelope, KeepsEveryTypesValues) {
  const std::vector<TextAndJson> forms = {
      {"boolean", "t", "true"},
      {"smallint", "-32768", "-32768"},
      {"bigint", "-9223372036854775808", "-9223372036854775808"},
      {"double precision", "1e+20", "1e+20"},
      {"double precision", "-0", "-0.0"},
      {"real", "1.5e-07", "1.5e-07"},
      {"real", "NaN", "\"NaN\""},
      {"double precision", "-Infinity", "\"-Infinity\""},
      {"numeric(14,2)", "12.30", "\"12.30\""},
      {"text", "", "\"\""},
      {"text", "null", "\"null\""},
      {"text", "__debezium_unavailable_value", R"({"text":"X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="})"},
      {"text", "\xff", R"({"text":"/w=="})"},
      {"date", "2024-01-31", "\"2024-01-31\""},
      {"date", "0044-03-15 BC", "\"0044-03-15 BC\""},
      {"timestamp with time zone", "2024-01-31 12:34:56.5+00", "\"2024-01-31T12:34:56.500000Z\""},
      {"timestamp with time zone", "2024-01-31 12:34:50+00", "\"2024-01-31T12:34:50.000000Z\""},
      {"timestamp with time zone", "infinity", "\"infinity\""},
      {"timestamp with time zone", "0044-03-15 01:02:03.5+00 BC", "\"0044-03-15 01:02:03.5+00 BC\""},
      {"timestamp without time zone", "2024-01-31 12:34:56.000001", "\"2024-01-31T12:34:56.000001\""},
      {"timestamp without time zone", "294276-12-31 23:59:59.999999", "\"294276-12-31 23:59:59.999999\""},
      {"bytea", "\\x00ff10", "\"AP8Q\""},
      {"bytea", "\\x", "\"\""},
      {"jsonb", R"({"a": null})", R"("{\"a\": null}")"},
      {"uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\""},
      {"integer[]", "{1,NULL,-3}", "[1,null,-3]"},
      {"integer[]", "{}", "[]"},
      {"text[]", R"({a,"b,c","NULL","","\"q\\"})", R"(["a","b,c","NULL","","\"q\\"])"},
      {"bytea[]", R"({"\\x00ff"})", R"(["AP8="])"},
      {"timestamp with time zone[]", R"({"2024-01-31 12:34:56+00"})", R"(["2024-01-31T12:34:56.000000Z"])"},
      {"integer[]", "{{1},{2}}", "\"{{1},{2}}\""},
      {"integer[]", "[0:0]={7}", "\"[0:0]={7}\""},
  };
  for (const TextAndJson& form : forms) {
    const TableSchema table = table_of({{"id", builtin_type("bigint")}, {"value", builtin_type(form.type)}});
    const std::string row = tuple_of({text("1"), text(form.text)});
    const Written written = write(table, order(table, Op::insert, "", row));
    const std::string_view value = written.value;
    const std::size_t at = value.find("\"value\":");
    ASSERT_NE(at, std::string::npos);
    EXPECT_EQ(value.substr(at + 8, value.size() - 2 - at - 8), form.json) << form.type;
    EnvelopeReader reader([&](ShapeId id) { return id == shape_id(table) ? &table : nullptr; });
    const Change read = reader.read(value);
    EXPECT_EQ(read.row, row) << form.type << " " << form.text;
  }
}

TEST(Envelope, KeepsWhatWasNotSentAndWhatIsNoValue) {
  const TableSchema table =
      table_of({{"id", builtin_type("bigint")}, {"a", builtin_type("integer")}, {"b", builtin_type("text")}});
  const std::string row = tuple_of({text("1"), {Form::binary, "xy"}, {Form::unchanged, {}}});
  const std::string old = tuple_of({text("0"), {Form::null, {}}, {Form::null, {}}});
  for (const Op op : {Op::moved, Op::update}) {
    const Change change = order(table, op, old, row);
    const Written written = write(table, change);
    EXPECT_EQ(written.key, op == Op::moved ? R"({"id":0})" : R"({"id":1})");
    EnvelopeReader reader([&](ShapeId) { return &table; });
    const Change read = reader.read(written.value);
    EXPECT_EQ(read.op, op);
    EXPECT_EQ(read.row, row);
    EXPECT_EQ(read.old, old);
    EXPECT_EQ(read.version(), change.version());
    EXPECT_EQ(read.generation, change.generation);
    EXPECT_EQ(read.xid, change.xid);
    EXPECT_EQ(read.committed_at, change.committed_at);
  }
}

}  // namespace
}  // namespace freshet::journal
