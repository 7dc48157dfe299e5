#include "contract/form.h"

#include <gtest/gtest.h>

#include <string>

namespace freshet::contract {
namespace {

TEST(Form, APasswordIsFoundInEveryFormOfAnAddress) {
  for (const char* url : {"postgres://u:pw@h/db", "postgresql://:pw@h", "postgres://h/db?user=a&password=pw",
                          "host=h password=pw", "host=h PassWord = pw", "password=pw", "postgres://u:a:b@h"})
    EXPECT_TRUE(holds_password(url)) << url;
  for (const char* url : {"postgres://u@h:5432/db", "postgres://u:@h/db", "host=h passwordless=yes",
                          "host=h user=mypassword=", "postgres://h/a:b@c", "host=h password", ""})
    EXPECT_FALSE(holds_password(url)) << url;
}

TEST(Form, AddressesHaveAHostAndAPort) {
  for (const char* text : {"127.0.0.1:8080", "[::1]:0", "localhost:65535"})
    EXPECT_TRUE(is_listen_address(text)) << text;
  for (const char* text : {"8080", ":8080", "::1:8080", "h:65536", "h:", "h:123456", "a b:1", "[x:]:1"})
    EXPECT_FALSE(is_listen_address(text)) << text;
}

TEST(Form, NamesAreThoseThatPostgresAndKubernetesTake) {
  EXPECT_TRUE(is_slot_name("freshet_2"));
  EXPECT_FALSE(is_slot_name("Freshet") || is_slot_name("") || is_slot_name(std::string(64, 'a')));
  EXPECT_TRUE(is_project_name("shop-2") && is_project_name("s") && is_project_name(std::string(63, 'a')));
  EXPECT_FALSE(is_project_name("-shop") || is_project_name("shop-") || is_project_name("sh_op"));
}

TEST(Form, AVariableStandsAlone) {
  EXPECT_EQ(variable_in("${A_1}"), "A_1");
  for (const char* text : {"${}", "${1A}", "x${A}", "${A}x", "${A", "${A}{B}", "${${A}}"})
    EXPECT_FALSE(variable_in(text)) << text;
}

TEST(Form, TheStandardsVersionIsThree) {
  EXPECT_TRUE(is_version_three("v3.1.0") && is_version_three("v3.10.22"));
  for (const char* text : {"v3.1", "v3..1", "v3.1.", "v30.1.0", "3.1.0", "v3.1.0.0", "v3."})
    EXPECT_FALSE(is_version_three(text)) << text;
}

// As a regular expression each of these took a stack frame for every letter, and ended the program.
TEST(Form, LongTextsAreJustWrong) {
  const std::string digits(4 << 20, '1');
  EXPECT_TRUE(is_version_three("v3." + digits + ".0"));
  EXPECT_TRUE(variable_in("${A" + digits + "}"));
  EXPECT_FALSE(is_listen_address(digits + ":" + digits));
  EXPECT_TRUE(holds_password("postgres://" + digits + ":" + digits + "@h"));
}

}  // namespace
}  // namespace freshet::contract
