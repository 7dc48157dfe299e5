#include "contract/contract.h"

#include <gtest/gtest.h>

namespace freshet::contract {
namespace {

// A valid contract whose lines the tests below break one at a time.
const std::string kOrders = R"yaml(apiVersion: v3.1.0
kind: DataContract
id: app.orders
version: 1.2.0
status: active
team:
  name: commerce
slaProperties:
  - property: latency
    value: 90
    unit: s
schema:
  - name: orders
    customProperties:
      - property: freshet
        value:
          schema: app
          lookups: [customer_id]
    properties:
      - name: id
        physicalType: bigint
        required: true
        primaryKey: true
      - name: customer_id
        physicalType: bigint
      - name: channel
        physicalType: app.channel
        customProperties:
          - property: freshet
            value: {type: enum}
      - name: total
        physicalType: numeric(14,2)
        customProperties:
          - property: freshet
            value: {null_when: [nan, infinity], clickhouse_type: "Decimal(38,6)"
}
      - name: email
        physicalType: text
        classification: pii.email
)yaml";

StreamContract read(const std::string& text) {
  return parse_contract(parse_yaml("orders.yaml", text));
}

std::string with(const std::string& from, const std::string& to) {
  std::string text = kOrders;
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string complaint(const std::string& text) {
  try {
    read(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    return error.what();
  }
  return "none";
}

TEST(Contract, ReadsWhatTheFileSays) {
  const StreamContract contract = read(kOrders);
  EXPECT_EQ(contract.source, (TableName{"app", "orders"}));
  EXPECT_EQ(contract.mirror, "orders");
  EXPECT_EQ(contract.version, "1.2.0");
  EXPECT_EQ(contract.owner, "commerce");
  EXPECT_EQ(contract.freshness, std::chrono::milliseconds(90'000));
  EXPECT_EQ(contract.lookups, std::vector<std::string>{"customer_id"});
  ASSERT_EQ(contract.key().size(), 1u);
  EXPECT_EQ(contract.key()[0]->key_position, 1);
  EXPECT_FALSE(contract.find("id")->nullable);
  EXPECT_EQ(contract.find("channel")->type.kind, TypeKind::enumeration);
  EXPECT_EQ(contract.find("total")->type.precision, 14);
  EXPECT_EQ(contract.find("total")->null_when, (NullWhen{.nan = true, .infinity = true}));
  EXPECT_EQ(contract.find("total")->clickhouse_type, "Decimal(38,6)");
  EXPECT_EQ(contract.find("email")->classification, "pii.email");
  EXPECT_EQ(contract.on_delete, OnDelete::tombstone);
  EXPECT_EQ(contract.find("nothing"), nullptr);
}

TEST(Contract, ReadsModeAndDeletes) {
  const StreamContract contract = read(
      with("lookups: [customer_id]",
           "mode: periodic\n          every: 10m\n          on_delete: keep\n          on_violation: halt"));
  EXPECT_EQ(contract.mode, Mode::periodic);
  EXPECT_EQ(contract.every, std::chrono::milliseconds(600'000));
  EXPECT_EQ(contract.on_delete, OnDelete::keep);
  EXPECT_EQ(contract.on_violation, OnViolation::halt);
}

struct Broken {
  std::string from;
  std::string to;
  std::string complaint;
};

class BrokenContract : public testing::TestWithParam<Broken> {};

TEST_P(BrokenContract, IsRefusedWithItsLineAndWhatToWrite) {
  EXPECT_EQ(complaint(with(GetParam().from, GetParam().to)), GetParam().complaint);
}

INSTANTIATE_TEST_SUITE_P(
    Every, BrokenContract,
    testing::Values(
        Broken{"version: 1.2.0", "versoin: 1.2.0",
               "orders.yaml:1: the contract lacks 'version' (write 'version: 1.0.0')"},
        Broken{"status: active", "status: active\nteams: x",
               "orders.yaml:6: unknown key 'teams' in the contract (did you mean 'team'?)"},
        Broken{"v3.1.0", "v2.2.0",
               "orders.yaml:1: 'apiVersion' is 'v2.2.0' (Freshet reads version 3 of the standard: "
               "v3.1.0)"},
        Broken{"property: freshet\n        value:\n", "property: freshte\n        value:\n",
               "orders.yaml:15: custom property 'freshte' (did you mean 'freshet'?)"},
        Broken{"schema: app", "schema: app\n          on_delte: keep",
               "orders.yaml:18: unknown key 'on_delte' in 'freshet' (did you mean 'on_delete'?)"},
        Broken{"schema: app", "schema: app\n          on_delete: drop",
               "orders.yaml:18: 'on_delete' is 'drop' (write one of: tombstone, keep)"},
        Broken{"schema: app", "schema: app\n          every: 1h",
               "orders.yaml:18: 'every' is for periodic streams (write 'mode: periodic' or remove it)"},
        Broken{"[customer_id]", "[custmer_id]",
               "orders.yaml:18: 'lookups' names 'custmer_id', which is no column (did you mean "
               "'customer_id'?)"},
        Broken{"physicalType: bigint\n        required", "physicalType: int8\n        required",
               "orders.yaml:21: 'physicalType' is 'int8' (write it as PostgreSQL's format_type() does: "
               "bigint)"},
        Broken{"physicalType: text", "physicalType: varchar(20)[]",
               "orders.yaml:38: 'physicalType' is 'varchar(20)[]' (write it as PostgreSQL's "
               "format_type() does: "
               "character varying(20)[])"},
        Broken{"        primaryKey: true\n", "",
               "orders.yaml:13: 'orders' has no key (mark its columns with 'primaryKey: true' and "
               "'primaryKeyPosition'; "
               "a table without one can't be mirrored)"},
        Broken{"        required: true\n", "",
               "orders.yaml:20: key column 'id' may be null (write 'required: true')"},
        Broken{"bigint\n        required", "double precision\n        required",
               "orders.yaml:20: key column 'id' is of type double precision (keys may be integers, "
               "boolean, uuid, text, "
               "enums, date, timestamps, numeric(p,s), bytea and inet)"},
        Broken{"primaryKey: true", "primaryKey: true\n        primaryKeyPosition: 2",
               "orders.yaml:20: the key's positions aren't 1 to 1 (give every key column its "
               "'primaryKeyPosition', from "
               "1, without gaps)"},
        Broken{"name: email", "name: total",
               "orders.yaml:37: column 'total' is listed twice, first in line 31 (keep one of them)"},
        Broken{"null_when: [nan, infinity]", "null_when: [out_of_range]",
               "orders.yaml:35: 'null_when: out_of_range' on a column of type numeric(14,2) (the "
               "mirror holds such values "
               "of this type, or they can't occur: remove the word)"},
        Broken{"null_when: [nan, infinity]", "null_when: [nul]",
               "orders.yaml:35: 'null_when: nul' on a column of type numeric(14,2) (write nan, "
               "infinity or "
               "out_of_range)"},
        Broken{"classification: pii.email", "quality: [{type: text}]",
               "orders.yaml:39: 'quality' isn't checked by Freshet (write it as a test of a model)"},
        Broken{"physicalType: text", "physicalType: text\n        physicalType: text",
               "orders.yaml:39: 'physicalType' is written twice, first in line 38 (keep one of them)"},
        Broken{"{type: enum}", "{type: enumeration}",
               "orders.yaml:30: 'type' is 'enumeration' (write what a user-defined type is made of: enum, "
               "enum[] or "
               "a built-in type such as text[])"},
        Broken{"unit: s", "unit: sec", "orders.yaml:11: 'unit' is 'sec' (write one of: s, m, h, d)"}));

TEST(Contract, KnowsWhatAUserDefinedTypeIsMadeOf) {
  for (const char* base : {"enum", "enum[]", "text[]", "numeric(10,2)[]", "timestamp with time zone[]"}) {
    const PgType type = column_type("app.\"Odd Type\"", base);
    EXPECT_NE(type.kind, TypeKind::other) << base;
    EXPECT_EQ(made_of(type), base);
  }
  EXPECT_EQ(made_of(column_type("numeric(10,2)[]", "")), "");
  EXPECT_EQ(made_of(column_type("public.geometry", "")), "");
  EXPECT_EQ(column_type("app.price[]", "numeric(10,2)[]").precision, 10);
}

TEST(Contract, LeavesPropertiesOfOtherToolsAlone) {
  const auto contract =
      read(with("classification: pii.email",
                "customProperties:\n          - property: acme.masking\n            value: [hash, 7]"));
  EXPECT_EQ(contract.columns.size(), 5u);
}

TEST(Contract, IsTheSameAfterWritingAndReading) {
  StreamContract contract = read(kOrders);
  contract.source = {"Odd.Schema", "größe \"x\""};
  contract.mirror = "sizes";
  contract.mode = Mode::periodic;
  contract.every = std::chrono::minutes(5);
  contract.on_delete = OnDelete::keep;
  contract.on_violation = OnViolation::warn;
  contract.description = "Orders: as placed.";
  contract.columns[1].name = "true";
  contract.sweep_ask_above = 50;
  contract.lookups = {"true"};
  const StreamContract again = read(contract_yaml(contract));
  EXPECT_EQ(again.source, contract.source);
  EXPECT_EQ(again.mirror, contract.mirror);
  EXPECT_EQ(again.every, contract.every);
  EXPECT_EQ(again.sweep_ask_above, contract.sweep_ask_above);
  EXPECT_EQ(again.lookups, contract.lookups);
  EXPECT_EQ(again.freshness, contract.freshness);
  EXPECT_EQ(contract_yaml(again), contract_yaml(contract));
}

TEST(Mirrors, AreCalledLikeTheirTableUnlessTwoShareAName) {
  StreamContract a = read(kOrders);
  StreamContract b = a;
  b.source.schema = "eu";
  std::vector<StreamContract> contracts{a, b};
  name_mirrors(contracts);
  EXPECT_EQ(contracts[0].mirror, "app__orders");
  EXPECT_EQ(contracts[1].mirror, "eu__orders");

  contracts = {a, b};
  contracts[1].mirror = "orders_eu";
  name_mirrors(contracts);
  EXPECT_EQ(contracts[0].mirror, "app__orders");
  EXPECT_EQ(contracts[1].mirror, "orders_eu");
}

TEST(Mirrors, RefuseTablesWhoseNamesMakeOneStream) {
  StreamContract a = read(kOrders);
  StreamContract b = a;
  a.source = {"a.b", "c"}, a.mirror = "c", a.file = "first.yaml";
  b.source = {"a", "b.c"}, b.mirror = "d", b.file = "second.yaml";
  std::vector<StreamContract> contracts{a, b};
  try {
    name_mirrors(contracts);
    ADD_FAILURE() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_NE(error.message().find("second.yaml"), std::string::npos) << error.message();
    EXPECT_NE(error.message().find("\"a.b\".\"c\" (first.yaml)"), std::string::npos) << error.message();
  }
}

TEST(Mirrors, RefuseOneNameForTwoTables) {
  StreamContract a = read(kOrders);
  StreamContract b = a;
  std::vector<StreamContract> twice{a, b};
  EXPECT_THROW(name_mirrors(twice), Error);
  b.source.table = "other";
  std::vector<StreamContract> clash{a, b};
  EXPECT_THROW(name_mirrors(clash), Error);
}

}  // namespace
}  // namespace freshet::contract
