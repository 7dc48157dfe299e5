#include "contract/yaml.h"

#include <gtest/gtest.h>

namespace freshet::contract {
namespace {

std::string complaint(std::string_view text) {
  try {
    parse_yaml("f.yaml", text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    return error.message();
  }
  return "none";
}

TEST(Yaml, RemembersLinesAndQuotes) {
  const auto document = parse_yaml("f.yaml", "a: 1\nb:\n  - 'x'\n  - {c: ~}\n");
  EXPECT_EQ(document.root.find("a")->line, 1);
  EXPECT_FALSE(document.root.find("a")->quoted);
  const YamlNode& list = *document.root.find("b");
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_TRUE(list.items[0].quoted);
  EXPECT_EQ(list.items[1].find("c")->kind, YamlNode::Kind::null);
  EXPECT_EQ(list.items[1].line, 4);
}

TEST(Yaml, RefusesWhatMakesAFileMeanSomethingElse) {
  EXPECT_EQ(complaint("a: 1\nb: 2\na: 3\n"), "f.yaml:3: 'a' is written twice, first in line 1");
  EXPECT_EQ(complaint("a: &x 1\nb: *x\n"), "f.yaml:1: an anchor (&name) is not read here");
  EXPECT_EQ(complaint("a: !!int 1\n"), "f.yaml:1: the tag tag:yaml.org,2002:int is not read here");
  EXPECT_EQ(complaint("a: 1\n---\nb: 2\n"), "f.yaml:1: the file holds more than one document");
  EXPECT_EQ(complaint("? [a, b]\n: 1\n"), "f.yaml:1: a key has to be a word or text");
  EXPECT_EQ(complaint(""), "f.yaml:1: the file is empty");
}

// Each entry is compared with those before it.
TEST(Yaml, RefusesMoreEntriesThanAnybodyWrites) {
  std::string map;
  std::string list = "[";
  for (std::size_t i = 0; i <= kYamlEntriesMax; ++i) {
    map += "k" + std::to_string(i) + ": 1\n";
    list += "1,";
  }
  EXPECT_EQ(complaint(map), "f.yaml:4097: more than 4096 entries");
  EXPECT_EQ(complaint(list + "]"), "f.yaml:1: more than 4096 entries");
}

TEST(Yaml, RefusesBrokenTextWithItsLine) {
  EXPECT_EQ(complaint("a: 1\nb: [1, 2\n").substr(0, 7), "f.yaml:");
  EXPECT_EQ(complaint("a:\n\t- 1\n").substr(0, 9), "f.yaml:2:");
}

TEST(Yaml, RefusesDepthAndSize) {
  EXPECT_NE(complaint(std::string(100, '[') + std::string(100, ']')).find("nested deeper"),
            std::string::npos);
  EXPECT_NE(complaint("a: " + std::string(kYamlBytesMax, 'x')).find("larger than"), std::string::npos);
}

TEST(Yaml, WrittenScalarsReadBackAsTheSameText) {
  for (const std::string text : {"plain",
                                 "two words",
                                 "numeric(14,2)",
                                 "",
                                 "null",
                                 "True",
                                 "5",
                                 " x",
                                 "a: b",
                                 "#no",
                                 "\"q\"",
                                 "back\\slash",
                                 "tab\there",
                                 "new\nline",
                                 "größe",
                                 "schlüssel: ü",
                                 "- dash",
                                 "a.b",
                                 "@x",
                                 "🙂",
                                 "x'y",
                                 "text[]",
                                 "{a}",
                                 "~",
                                 "with time zone",
                                 "y"}) {
    const auto document =
        parse_yaml("f.yaml", "k: " + yaml_scalar(text) + "\nl: [" + yaml_scalar(text) + "]\n");
    EXPECT_EQ(document.root.find("k")->text, text) << yaml_scalar(text);
    EXPECT_EQ(document.root.find("k")->kind, YamlNode::Kind::scalar) << yaml_scalar(text);
    EXPECT_EQ(document.root.find("l")->items.at(0).text, text) << yaml_scalar(text);
  }
}

}  // namespace
}  // namespace freshet::contract
