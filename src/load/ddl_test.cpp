#include "load/ddl.h"

#include <gtest/gtest.h>

namespace freshet::load {
namespace {

contract::StreamContract contract_of(contract::OnDelete on_delete) {
  contract::StreamContract contract;
  contract.source = {"app", "order lines"};
  contract.mirror = "order lines";
  contract.on_delete = on_delete;
  for (const auto& [name, type, key] : {std::tuple{"or`der", "bigint", 1},
                                        {"line", "integer", 2},
                                        {"shop", "text", 0},
                                        {"tags", "text[]", 0}}) {
    contract::ColumnContract column;
    column.name = name;
    column.type = builtin_type(type);
    column.key_position = key;
    column.nullable = key == 0;
    contract.columns.push_back(column);
  }
  contract.lookups = {"shop"};
  return contract;
}

TEST(Ddl, OfAMirrorWithTombstones) {
  const std::vector<TableDefinition> tables =
      tables_of(make_mirror(contract_of(contract::OnDelete::tombstone)));
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_EQ(tables[0].create(),
            "CREATE TABLE IF NOT EXISTS `raw`.`order lines`\n(\n"
            "    `or\\`der` Int64,\n    `line` Int32,\n    `shop` Nullable(String),\n"
            "    `tags` Array(Nullable(String)),\n    `tags__null` Bool,\n"
            "    `_version` UInt128,\n    `_deleted` UInt8,\n    `_round` UInt64,\n"
            "    `_committed_at` DateTime64(6, 'UTC'),\n"
            "    `_loaded_at` DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC')\n)\n"
            "ENGINE = ReplacingMergeTree(_version, _deleted)\nORDER BY (`or\\`der`, `line`)\n"
            "SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 120");
  EXPECT_EQ(tables[1].create(),
            "CREATE TABLE IF NOT EXISTS `lookup`.`order lines__shop`\n(\n"
            "    `shop` String,\n    `or\\`der` Int64,\n    `line` Int32\n)\n"
            "ENGINE = ReplacingMergeTree\nORDER BY (`shop`, `or\\`der`, `line`)\n"
            "SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 120");
}

TEST(Ddl, KeepsArraysWithADotInTheirNamesApart) {
  contract::StreamContract contract = contract_of(contract::OnDelete::tombstone);
  const auto create = [&] { return tables_of(make_mirror(contract))[0].create(); };
  contract.columns[2].name = "lines.shop";
  contract.lookups.clear();
  EXPECT_EQ(create().find("share_nested_offsets"), std::string::npos);
  contract.columns[3].name = "lines.tags";
  EXPECT_TRUE(create().ends_with(", share_nested_offsets = 0")) << create();
}

TEST(Ddl, OfAViewSaysWhatIsLive) {
  EXPECT_EQ(live_view(make_mirror(contract_of(contract::OnDelete::tombstone))).create(),
            "CREATE OR REPLACE VIEW `src`.`order lines` AS\n"
            "SELECT `or\\`der`,`line`,`shop`,`tags`,`tags__null`, _version, _committed_at\n"
            "FROM `raw`.`order lines` FINAL\n"
            "WHERE _version > (SELECT max(version) FROM freshet.floors WHERE table = 'order lines')");
  EXPECT_EQ(
      live_view(make_mirror(contract_of(contract::OnDelete::keep))).create(),
      "CREATE OR REPLACE VIEW `src`.`order lines` AS\n"
      "SELECT `or\\`der`,`line`,`shop`,`tags`,`tags__null`, "
      "_deleted = 1 OR _version <= (SELECT max(version) FROM freshet.floors WHERE table = 'order lines') AS "
      "is_deleted, _version, _committed_at\n"
      "FROM `raw`.`order lines` FINAL\nWHERE _deleted != 2");
}

}  // namespace
}  // namespace freshet::load
