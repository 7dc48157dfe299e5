// What turning PostgreSQL's values into Native columns costs: per column kind, in both forms, and for a row
// of 13 columns as the reference project's orders have them. Time is per value (per row in the last one),
// writing the block included.
#include <benchmark/benchmark.h>

#include <bit>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "change/tuple.h"
#include "load/types/column.h"

namespace freshet::load {
namespace {

constexpr std::size_t kRowsPerBlock = 4096;

struct Sample {
  std::string name;
  std::string type;
  std::string text;
  std::string binary;
  bool nullable = false;
};

template <std::integral T>
std::string be(T value) {
  std::string bytes;
  append_be(bytes, value);
  return bytes;
}

std::string numeric_bytes(const std::vector<std::int16_t>& digits, std::int16_t weight, std::int16_t scale) {
  std::string bytes =
      be(static_cast<std::int16_t>(digits.size())) + be(weight) + be(std::int16_t{0}) + be(scale);
  for (const std::int16_t digit : digits) bytes += be(digit);
  return bytes;
}

std::string text_array_bytes(const std::vector<std::string>& elements) {
  std::string bytes = be(std::int32_t{1}) + be(std::int32_t{0}) + be(std::int32_t{25}) +
                      be(static_cast<std::int32_t>(elements.size())) + be(std::int32_t{1});
  for (const std::string& element : elements)
    bytes += be(static_cast<std::int32_t>(element.size())) + element;
  return bytes;
}

std::vector<Sample> samples() {
  const std::string uuid = "\xa0\xee\xbc\x99\x9c\x0b\x4e\xf8\xbb\x6d\x6b\xb9\xbd\x38\x0a\x11";
  const std::string json = R"({"source": "search", "campaign": 4711, "tags": ["a", "b"]})";
  return {
      {"bool", "boolean", "t", "\1"},
      {"int4", "integer", "123456", be(std::int32_t{123456})},
      {"int8", "bigint", "1234567890123", be(std::int64_t{1234567890123})},
      {"float8", "double precision", "1234.5678", be(std::bit_cast<std::int64_t>(1234.5678))},
      {"numeric_14_2", "numeric(14,2)", "1234.56", numeric_bytes({1234, 5600}, 0, 2)},
      {"numeric_38_10", "numeric(38,10)", "123456789012.3456789",
       numeric_bytes({1234, 5678, 9012, 3456, 7890}, 2, 10)},
      {"numeric_76_6", "numeric(76,6)", "123456789012.345678",
       numeric_bytes({1234, 5678, 9012, 3456, 7800}, 2, 6)},
      {"numeric_unbounded", "numeric", "1234.5600", numeric_bytes({1234, 5600}, 0, 4)},
      {"text_20", "text", "a customer's comment", "a customer's comment"},
      {"text_20_nullable", "text", "a customer's comment", "a customer's comment", true},
      {"uuid", "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", uuid},
      {"date", "date", "2026-11-22", be(std::int32_t{9822})},
      {"timestamptz", "timestamp with time zone", "2026-11-22 15:31:07.123456+00",
       be(std::int64_t{848676667123456})},
      {"time", "time without time zone", "12:34:56.789", be(std::int64_t{45296789000})},
      {"interval", "interval", "P1Y2M3DT4H5M6.789S",
       be(std::int64_t{14706789000}) + be(std::int32_t{3}) + be(std::int32_t{14})},
      {"jsonb_58", "jsonb", json, "\1" + json},
      {"bytea_16", "bytea", "\\xa0eebc999c0b4ef8bb6d6bb9bd380a11", uuid},
      {"inet", "inet", "10.1.2.3", std::string("\2\x20\0\4\x0a\1\2\3", 8)},
      {"text_array_3", "text[]", "{new,\"big sale\",vip}", text_array_bytes({"new", "big sale", "vip"}),
       true},
  };
}

contract::ColumnContract contract_of(const Sample& sample) {
  contract::ColumnContract column;
  column.name = sample.name;
  column.type = builtin_type(sample.type);
  column.nullable = sample.nullable;
  return column;
}

std::unique_ptr<ColumnBuilder> builder_of(const contract::ColumnContract& column) {
  return make_builder(column.type, mirror_column(column));
}

// Seconds per value: "per_value=20.8ns".
void report(benchmark::State& state) {
  state.counters["per_value"] = benchmark::Counter(static_cast<double>(state.iterations()) * kRowsPerBlock,
                                                   benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void append_one(benchmark::State& state, const Sample& sample, Form form) {
  const std::unique_ptr<ColumnBuilder> builder = builder_of(contract_of(sample));
  const Field field{form, form == Form::text ? sample.text : sample.binary};
  CHECK(!builder->append(field));
  std::string block;
  for (auto _ : state) {
    builder->clear();
    block.clear();
    for (std::size_t i = 0; i < kRowsPerBlock; ++i) benchmark::DoNotOptimize(builder->append(field));
    builder->write_data(block);
    benchmark::DoNotOptimize(block.data());
  }
  report(state);
}

// id, customer, shop, status, currency, total, tax, discount, placed, updated, comment (null), attributes,
// gift
struct OrderRow {
  std::vector<std::unique_ptr<ColumnBuilder>> columns;
  std::string tuple;
};

OrderRow order_row(Form form) {
  const std::vector<Sample> all = samples();
  const auto sample = [&](std::string_view name) {
    for (const Sample& candidate : all)
      if (candidate.name == name) return candidate;
    CHECK(false);
  };
  OrderRow row;
  const auto add = [&](contract::ColumnContract column, const Sample& from, bool null = false) {
    row.columns.push_back(builder_of(column));
    append_field(row.tuple, null ? Field{} : Field{form, form == Form::text ? from.text : from.binary});
  };
  const Sample label{"status", "text", "delivered", "delivered"};
  contract::ColumnContract status = contract_of(label);
  status.type.kind = TypeKind::enumeration;
  const Sample currency{"currency", "character(3)", "EUR", "EUR"};

  for (int i = 0; i < 3; ++i) add(contract_of(sample("int8")), sample("int8"));
  add(status, label);
  add(contract_of(currency), currency);
  for (int i = 0; i < 3; ++i) add(contract_of(sample("numeric_14_2")), sample("numeric_14_2"));
  for (int i = 0; i < 2; ++i) add(contract_of(sample("timestamptz")), sample("timestamptz"));
  add(contract_of(sample("text_20_nullable")), sample("text_20_nullable"), true);
  add(contract_of(sample("jsonb_58")), sample("jsonb_58"));
  add(contract_of(sample("bool")), sample("bool"));
  CHECK(row.columns.size() == 13);
  return row;
}

void append_order(benchmark::State& state, Form form) {
  OrderRow row = order_row(form);
  std::string bytes;
  for (auto _ : state) {
    for (const auto& column : row.columns) column->clear();
    bytes.clear();
    for (std::size_t i = 0; i < kRowsPerBlock; ++i) {
      TupleReader reader(row.tuple);
      for (const auto& column : row.columns) benchmark::DoNotOptimize(column->append(reader.next()));
    }
    clickhouse::native::BlockWriter block(bytes, row.columns.size(), kRowsPerBlock);
    for (const auto& column : row.columns) column->write_to(block);
    benchmark::DoNotOptimize(bytes.data());
  }
  report(state);
}

}  // namespace
}  // namespace freshet::load

int main(int argc, char** argv) {
  using freshet::Form;
  for (const auto& sample : freshet::load::samples()) {
    for (const Form form : {Form::binary, Form::text}) {
      const std::string name = sample.name + (form == Form::binary ? "/binary" : "/text");
      benchmark::RegisterBenchmark(name.c_str(), [sample, form](benchmark::State& state) {
        freshet::load::append_one(state, sample, form);
      });
    }
  }
  for (const Form form : {Form::binary, Form::text}) {
    const std::string name =
        std::string("order_of_13_columns") + (form == Form::binary ? "/binary" : "/text");
    benchmark::RegisterBenchmark(
        name.c_str(), [form](benchmark::State& state) { freshet::load::append_order(state, form); });
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
