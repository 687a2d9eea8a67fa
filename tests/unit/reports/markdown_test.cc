#include "reports/markdown.h"

#include "gtest/gtest.h"

namespace tales::reports {
namespace {

TEST(Markdown, TextIsNeverMarkup) {
  EXPECT_EQ(MarkdownText("a_b *c* [d](e) <f>\n# g"), "a\\_b \\*c\\* \\[d\\](e) \\<f\\> \\# g");
}

TEST(Markdown, CodeHoldsItsOwnBackTicks) {
  EXPECT_EQ(MarkdownCode("a\nb"), "`a b`");
  EXPECT_EQ(MarkdownCode("a`b"), "``a`b``");
  EXPECT_EQ(MarkdownCode("`a``"), "``` `a`` ```");
  EXPECT_EQ(MarkdownCode(""), "");
}

TEST(Markdown, NothingEndsABlockEarly) {
  EXPECT_EQ(MarkdownBlock("a\n````\nb\n", 2), "  `````text\n  a\n  ````\n  b\n  `````\n");
  EXPECT_EQ(MarkdownBlock(" \n", 2), "");
}

}  // namespace
}  // namespace tales::reports
