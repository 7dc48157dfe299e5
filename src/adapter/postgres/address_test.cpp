#include "adapter/postgres/address.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace freshet::postgres {
namespace {

TEST(Address, LosesItsPasswordInEveryForm) {
  EXPECT_EQ(without_password("postgres://me:se%2Fcret@db.example:5433/shop?sslmode=require"),
            "postgres://me@db.example:5433/shop?sslmode=require");
  EXPECT_EQ(without_password("host=/run/pg user=me password='it\\'s' dbname=shop"),
            "postgres://me@%2Frun%2Fpg/shop");
  EXPECT_EQ(without_password("postgresql://db/shop?password=secret"), "postgres://db/shop");
}

TEST(Address, TakesAPasswordOfAnyCharacters) {
  const std::string full = with_password("postgres://me:old@db/shop", R"(a/b@c'd\e)");
  EXPECT_EQ(full, R"(user='me' dbname='shop' host='db' password='a/b@c\'d\\e')");
  EXPECT_EQ(without_password(full), "postgres://me@db/shop");
}

TEST(Address, TellsWhetherItHoldsAPassword) {
  EXPECT_TRUE(has_password("postgres://me:secret@db/shop"));
  EXPECT_TRUE(has_password("postgres://db/shop?password=secret"));
  EXPECT_FALSE(has_password("postgres://me@db/shop"));
  EXPECT_THROW(has_password("mysql://db/shop"), Error);
}

TEST(Address, OneThatIsNoneIsNotRepeated) {
  try {
    without_password("postgres://me:secret@[db/shop");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace freshet::postgres
