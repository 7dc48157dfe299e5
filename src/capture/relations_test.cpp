#include "capture/relations.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace freshet::capture {
namespace {

RelationFacts catalogue(const pgoutput::Relation& message) {
  RelationFacts facts;
  facts.schema.schema = message.schema;
  facts.schema.table = message.table;
  for (const pgoutput::RelationColumn& column : message.columns)
    facts.schema.columns.emplace_back().name = column.name;
  return facts;
}

// As the stream does: what the message names is gone when it was announced. Short names lie within a string,
// long ones beside it.
void announce(Relations& relations, pgoutput::Oid oid, std::string table, std::string column) {
  const pgoutput::Relation message{
      .oid = oid, .schema = "public", .table = table, .columns = {{.name = column}}};
  relations.announce(message);
  table.assign(table.size(), '#');
  column.assign(column.size(), '#');
}

TEST(Relations, WhatIsWantedLaterIsKnownAsItWasAnnounced) {
  const std::string long_name(60, 'l');
  Relations relations(WantedStreams{{"public.first", {}}});
  relations.restart(catalogue);
  announce(relations, 1, "first", "id");
  announce(relations, 2, "late", "id");
  announce(relations, 3, long_name, long_name);
  announce(relations, 4, "never", "id");
  EXPECT_FALSE(relations.find(3).wanted);

  relations.want({{"public.late", {}}, {"public." + long_name, {}}});
  EXPECT_TRUE(relations.find(3).wanted);
  EXPECT_EQ(relations.find(3).schema.columns.at(0).name, long_name);
  EXPECT_EQ(relations.find(2).stream, "public.late");
  EXPECT_EQ(relations.find(2).schema.columns.at(0).name, "id");
  EXPECT_TRUE(relations.find(1).wanted);
  EXPECT_FALSE(relations.find(4).wanted);
}

// A newer announcement counts, and none of an earlier connection.
TEST(Relations, WhatIsWantedLaterIsAsItWasAnnouncedLast) {
  Relations relations{WantedStreams()};
  relations.restart(catalogue);
  announce(relations, 2, "late", "before");
  announce(relations, 2, "late", "after");
  relations.want({{"public.late", {}}});
  EXPECT_EQ(relations.find(2).schema.columns.at(0).name, "after");
  relations.restart(catalogue);
  EXPECT_THROW(relations.find(2), Error);
}

// The question to the source may fail: the connection ends with it, and the next one announces anew.
TEST(Relations, WhatIsWantedLaterFailsAsAnAnnouncementDoes) {
  Relations relations{WantedStreams()};
  relations.restart(
      [](const pgoutput::Relation&) -> RelationFacts { throw Error(ErrorKind::transient, "away"); });
  announce(relations, 2, "late", "id");
  relations.want({{"public.late", {}}});
  EXPECT_THROW(relations.find(2), Error);
  relations.restart(catalogue);
  announce(relations, 2, "late", "id");
  EXPECT_TRUE(relations.find(2).wanted);
}

}  // namespace
}  // namespace freshet::capture
