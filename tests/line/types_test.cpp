// Every type of docs/types.md at its limits, through snapshot and stream of the whole line: the mirror prints
// what PostgreSQL prints.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "app/line_status_json.h"
#include "line/mirrored.h"
#include "load/types/column.h"
#include "types/cases.h"
#include "types/mirror_text.h"

namespace freshet::test {
namespace {

using contract::StreamContract;
using Texts = std::vector<std::optional<std::string>>;

// Snapshot rows have ids below, streamed ones above.
constexpr int kStreamed = 1'000;
constexpr int kUpdated = 2'000;

std::string table_of(std::size_t number) {
  return fmt::format("t{}", number);
}

std::string tables_with_values(const std::vector<TypeCase>& cases) {
  std::string sql = kTypesSetup + "SELECT setseed(0.5);";
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const std::string table = table_of(i);
    sql += fmt::format("CREATE TABLE {} (id int PRIMARY KEY, v {});", table, cases[i].type);
    int id = 0;
    for (const std::string& value : cases[i].values)
      sql += fmt::format("INSERT INTO {} VALUES ({}, {});", table, ++id, value);
    sql += fmt::format("INSERT INTO {} VALUES ({}, NULL);", table, ++id);
    if (!cases[i].random.empty())
      sql += fmt::format("INSERT INTO {} SELECT {} + g, {} FROM generate_series(1, 50) g;", table, id,
                         cases[i].random);
  }
  return sql;
}

class TypesOfTheLine : public testing::TestWithParam<bool> {
 protected:
  TypesOfTheLine() {
    for (const TypeCase& type : type_cases())
      if (!GetParam() || has_binary_form(type)) cases_.push_back(type);
    line_.emplace(tables_with_values(cases_));
  }

  // The contracts as drafted, but with the mirror's types that the cases ask for.
  void choose_types() {
    for (StreamContract& contract : contract::load_contracts(line_->project())) {
      const std::size_t number = std::stoul(contract.source.table.substr(1));
      contract.columns.at(1).clickhouse_type = cases_.at(number).clickhouse_type;
      std::ofstream(contract.file) << contract_yaml(contract);
      columns_[number] = contract.columns.at(1);
    }
  }

  Texts texts(const postgres::Result& result) {
    Texts texts;
    for (int row = 0; row < result.rows(); ++row) {
      const auto value = result.value(row, 0);
      texts.push_back(value ? std::optional<std::string>(*value) : std::nullopt);
    }
    return texts;
  }

  void expect_equal(std::size_t number) {
    const contract::ColumnContract& column = columns_.at(number);
    const Texts source = texts(line_->sql(
        fmt::format("SELECT {} FROM {} ORDER BY id", expected_expression(column), table_of(number))));
    Texts mirror;
    for (const auto& row : line_->clickhouse().rows(
             fmt::format("SELECT {} FROM src.{} ORDER BY id",
                         mirror_expression(column.type, load::mirror_column(column)), table_of(number))))
      mirror.push_back(row.at(0));
    EXPECT_EQ(source, mirror) << cases_[number].type << " as "
                              << load::mirror_column(column).clickhouse_type();
  }

  void expect_all_equal(const char* where) {
    SCOPED_TRACE(where);
    ASSERT_TRUE(line_->caught_up()) << line_->line().log_tail();
    for (std::size_t i = 0; i < cases_.size(); ++i) expect_equal(i);
  }

  std::vector<TypeCase> cases_;
  std::map<std::size_t, contract::ColumnContract> columns_;
  std::optional<Mirrored> line_;
};

TEST_P(TypesOfTheLine, ArriveAsPostgresPrintsThem) {
  choose_types();
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  expect_all_equal("through the snapshot");

  std::string changes;
  for (std::size_t i = 0; i < cases_.size(); ++i)
    changes += fmt::format(
        "INSERT INTO {0} SELECT id + {1}, v FROM {0}; INSERT INTO {0} SELECT id + {2}, NULL FROM {0} WHERE "
        "id < {1};"
        "UPDATE {0} t SET v = s.v FROM {0} s WHERE t.id = s.id + {2};",
        table_of(i), kStreamed, kUpdated);
  line_->sql(changes);
  expect_all_equal("through the stream");
  std::ifstream log(line_->line().data() + "/log/up.jsonl");
  const std::string told((std::istreambuf_iterator<char>(log)), {});
  ASSERT_NE(told.find(R"("text_because":")"), std::string::npos);
  EXPECT_EQ(told.find(R"("text_because":"")") != std::string::npos, GetParam())
      << "the stream had the other form";
}

class ValuesThatDoNotFit : public TypesOfTheLine {};

// One for each type that has some: just these streams stop.
TEST_P(ValuesThatDoNotFit, StopTheirStreamAlone) {
  choose_types();
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  std::set<std::string> expected;
  for (std::size_t i = 0; i < cases_.size(); ++i) {
    if (cases_[i].unfit.empty()) continue;
    line_->sql(fmt::format("INSERT INTO {} VALUES (-1, {})", table_of(i), cases_[i].unfit.back().first));
    expected.insert("public." + table_of(i));
  }
  ASSERT_FALSE(expected.empty());
  std::set<std::string> stopped;
  EXPECT_TRUE(eventually(
      [&] {
        stopped.clear();
        for (const app::StreamLine& stream : app::line_status_from_json(line_->line().status_json()).streams)
          if (stream.state == "quarantined" && stream.error.find("column 'v'") != std::string::npos)
            stopped.insert(stream.name);
        return stopped == expected;
      },
      std::chrono::seconds(60)));
  EXPECT_EQ(stopped, expected);
}

INSTANTIATE_TEST_SUITE_P(Text, ValuesThatDoNotFit, testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Form, TypesOfTheLine, testing::Values(true, false),
                         [](const auto& info) { return std::string(info.param ? "Binary" : "Text"); });

}  // namespace
}  // namespace freshet::test
