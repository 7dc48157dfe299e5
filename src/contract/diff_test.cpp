#include "contract/diff.h"

#include <gtest/gtest.h>

namespace freshet::contract {
namespace {

ColumnContract promised(std::string name, std::string_view type, int key_position = 0) {
  ColumnContract column;
  column.name = std::move(name);
  column.type = builtin_type(type);
  column.key_position = key_position;
  column.nullable = key_position == 0;
  return column;
}

Column found(std::string name, std::string_view type, bool key = false) {
  return {std::move(name), builtin_type(type), key, !key};
}

class Diff : public testing::Test {
 protected:
  Diff() {
    contract_.file = "orders.yaml";
    contract_.source = {"app", "orders"};
    contract_.columns = {promised("id", "bigint", 1), promised("email", "character varying(20)"),
                         promised("total", "numeric(14,2)")};
    table_.schema = "app";
    table_.table = "orders";
    table_.columns = {found("id", "bigint", true), found("email", "character varying(20)"),
                      found("total", "numeric(14,2)")};
  }

  // "kind text" of the only finding.
  std::string only() {
    const auto findings = diff(contract_, table_);
    if (findings.size() != 1) return std::to_string(findings.size()) + " findings";
    violation_ = has_violation(findings);
    return findings[0].text;
  }

  StreamContract contract_;
  TableSchema table_;
  bool violation_ = false;
};

TEST_F(Diff, FindsNothingInAStreamThatKeepsItsPromise) {
  EXPECT_EQ(only(), "0 findings");
}

TEST_F(Diff, ADroppedColumnIsAViolation) {
  table_.columns.pop_back();
  EXPECT_EQ(only(), "app.orders.total is gone from the stream");
  EXPECT_TRUE(violation_);
}

TEST_F(Diff, AColumnOfTheSameTypeInTheSamePlaceWasProbablyRenamed) {
  table_.columns[1].name = "mail";
  EXPECT_EQ(only(), "app.orders.email is gone; 'mail' of the same type is in its place: renamed?");
  EXPECT_TRUE(violation_);
}

TEST_F(Diff, ARetypedColumnIsAViolation) {
  table_.columns[2].type = builtin_type("numeric(16,4)");
  EXPECT_EQ(only(), "app.orders.total was numeric(14,2) and is numeric(16,4)");
  EXPECT_TRUE(violation_);
}

TEST_F(Diff, AWiderModifierThatTheMirrorHoldsAlikeIsOnlyNoticed) {
  table_.columns[1].type = builtin_type("character varying(200)");
  EXPECT_EQ(only(),
            "app.orders.email was character varying(20) and is character varying(200); the mirror holds both "
            "alike");
  EXPECT_FALSE(violation_);
}

TEST_F(Diff, AnAddedColumnIsOnlyNoticed) {
  table_.columns.push_back(found("note", "text"));
  EXPECT_EQ(only(), "app.orders.note (text) is new");
  EXPECT_FALSE(violation_);
}

TEST_F(Diff, ARequiredColumnThatMayBeNullIsAViolation) {
  contract_.columns[2].nullable = false;
  EXPECT_EQ(only(), "app.orders.total may be null now");
  EXPECT_TRUE(violation_);
}

TEST_F(Diff, AnotherKeyIsAViolation) {
  table_.columns[1].key = true;
  EXPECT_EQ(only(), "app.orders had the key (id) and has (email, id)");
  EXPECT_TRUE(violation_);
}

TEST_F(Diff, ALostKeyIsAViolationThatNamesItsStatement) {
  table_.columns[0].key = false;
  EXPECT_EQ(only(), "app.orders had the key (id) and has none");
  EXPECT_EQ(diff(contract_, table_)[0].hint,
            "ALTER TABLE \"app\".\"orders\" ADD PRIMARY KEY (\"id\"), then freshet snapshot app.orders");
  table_.identity = ReplicaIdentity::index;  // whose index is gone
  EXPECT_EQ(diff(contract_, table_)[0].hint,
            "CREATE UNIQUE INDEX \"orders_identity\" ON \"app\".\"orders\" (\"id\"); ALTER TABLE "
            "\"app\".\"orders\" REPLICA IDENTITY USING INDEX \"orders_identity\", then freshet snapshot "
            "app.orders");
  EXPECT_TRUE(violation_);
}

TEST_F(Diff, NamesItsCommandsAsAShellTakesThem) {
  table_.columns[0].key = false;
  table_.table = contract_.source.table = "order's lines";
  EXPECT_EQ(diff(contract_, table_)[0].hint,
            "ALTER TABLE \"app\".\"order's lines\" ADD PRIMARY KEY (\"id\"), then freshet snapshot "
            "'app.order'\\''s lines'");
}

TEST_F(Diff, FullIdentitySaysNothingAboutTheKey) {
  table_.identity = ReplicaIdentity::full;
  for (auto& column : table_.columns) column.key = true;
  EXPECT_EQ(only(), "0 findings");
}

TEST_F(Diff, NoIdentityIsAViolation) {
  table_.identity = ReplicaIdentity::nothing;
  EXPECT_EQ(only(), "app.orders has REPLICA IDENTITY NOTHING: updates and deletes can't be published");
}

TEST_F(Diff, AKeyThatBecameAFloatIsNamed) {
  table_.columns[0].type = builtin_type("double precision");
  const auto findings = diff(contract_, table_);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].kind, FindingKind::column_retyped);
  EXPECT_EQ(findings[1].kind, FindingKind::key_unsupported);
}

TEST_F(Diff, AnEnumUnderAnotherNameIsTheSameInTheMirror) {
  PgType channel;
  channel.kind = TypeKind::enumeration;
  channel.name = "app.channel";
  contract_.columns[1].type = channel;
  channel.name = "app.channel_v2";
  table_.columns[1].type = channel;
  EXPECT_EQ(only(), "app.orders.email was app.channel and is app.channel_v2; the mirror holds both alike");
  EXPECT_FALSE(violation_);
}

TEST_F(Diff, AnUnknownTypeMayNotBecomeAnotherOne) {
  contract_.columns[1].type = builtin_type("public.geometry");
  table_.columns[1].type = builtin_type("hstore");
  EXPECT_EQ(only(), "app.orders.email was public.geometry and is hstore");
  EXPECT_TRUE(violation_);
}

}  // namespace
}  // namespace freshet::contract
