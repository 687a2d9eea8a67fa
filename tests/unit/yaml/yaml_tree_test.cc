#include "harness/yaml/yaml_tree.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tales {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What is wrong with `text`; "" when it can be read.
std::string WhyNot(std::string_view text, const YamlLimits& limits = {}) {
  YamlMistakes mistakes("f.yaml");
  const auto documents = ReadYaml(text, limits, mistakes);
  EXPECT_TRUE(mistakes.empty() || documents.empty());
  return mistakes.ToString();
}

TEST(YamlTree, DocumentsInOrderWithTheirPlaces) {
  YamlMistakes mistakes("f.yaml");
  const auto documents = ReadYaml("a: 1\n---\n- x\n- \"2\"\n---\n", {}, mistakes);
  ASSERT_TRUE(mistakes.empty()) << mistakes.ToString();
  ASSERT_THAT(documents, SizeIs(3));
  EXPECT_EQ(documents[0]->kind, YamlNode::Kind::kMap);
  ASSERT_THAT(documents[1]->items, SizeIs(2));
  EXPECT_TRUE(documents[1]->items[0]->plain);
  EXPECT_FALSE(documents[1]->items[1]->plain);
  EXPECT_EQ(documents[1]->items[1]->position.line, 4);
  EXPECT_EQ(documents[1]->items[1]->position.column, 3);
  EXPECT_EQ(documents[2]->kind, YamlNode::Kind::kNull);
}

TEST(YamlTree, NothingIsNoDocument) {
  YamlMistakes mistakes("f.yaml");
  EXPECT_THAT(ReadYaml("# nothing but a comment\n", {}, mistakes), IsEmpty());
  EXPECT_TRUE(mistakes.empty());
}

TEST(YamlTree, AnAnchorIsOfItsDocument) {
  EXPECT_EQ(WhyNot("a: &x [1]\nb: *x\n"), "");
  EXPECT_THAT(WhyNot("a: &x 1\n---\nb: *x\n"), HasSubstr("f.yaml:"));
}

TEST(YamlTree, Limits) {
  EXPECT_THAT(WhyNot(std::string((2 << 20) + 1, '#'), {.bytes = 2 << 20}), HasSubstr("longer than 2 MiB"));
  EXPECT_THAT(WhyNot("[[[[]]]]", {.depth = 3}), HasSubstr("f.yaml:1:4: nested deeper than 3 levels"));
  EXPECT_THAT(WhyNot("a: &a 1\nb: [*a, *a]", {.aliases = 1}), HasSubstr("more than 1 aliases"));
  EXPECT_THAT(WhyNot("[1, 2, 3]\n---\n[4]", {.nodes = 5}), HasSubstr("f.yaml:3:2: more than 5 values"));
}

// Ten lines that a walk would meet as 3^30 values.
TEST(YamlTree, AliasesCountAsOftenAsTheyAreFollowed) {
  std::string bomb = "a0: &a0 [x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string alias = absl::StrCat("*a", i - 1);
    absl::StrAppend(&bomb, "a", i, ": &a", i, " [", alias, ", ", alias, ", ", alias, "]\n");
  }
  EXPECT_THAT(WhyNot(bomb), HasSubstr("more than 1048576 values"));
}

}  // namespace
}  // namespace tales
