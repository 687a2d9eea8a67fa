#include "reports/clean_text.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tales::reports {
namespace {

using namespace std::string_view_literals;

TEST(CleanText, KeepsWhatIsFine) { EXPECT_EQ(CleanText("a\tb\nc Ä € 😀"), "a\tb\nc Ä € 😀"); }

TEST(CleanText, TakesTerminalSequencesOut) {
  EXPECT_EQ(CleanText("\x1B[1;31mred\x1B[0m"), "red");
  EXPECT_EQ(CleanText("\x1B]0;title\a"
                      "after"),
            "after");
  EXPECT_EQ(CleanText("\x1B]8;;link\x1B\\text"), "text");
  EXPECT_EQ(CleanText("\x1B]0;never closed"), "0;never closed");
  EXPECT_EQ(CleanText("end\x1B"), "end");
  EXPECT_EQ(CleanText("end\x1B[12"), "end");
  EXPECT_EQ(CleanText("c1 \xC2\x9B"
                      "31m"),
            "c1 31m");
}

TEST(CleanText, TakesControlCharactersOut) { EXPECT_EQ(CleanText("a\0b\x01\x08\x0B\x1F\x7F"sv), "ab"); }

TEST(CleanText, MakesLineEndsOneKind) { EXPECT_EQ(CleanText("a\r\nb\rc\r"), "a\nb\nc\n"); }

TEST(CleanText, ReplacesBytesThatAreNoCharacter) {
  EXPECT_EQ(CleanText("a\xFF"
                      "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(CleanText("cut \xE2\x82"), "cut \xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(CleanText("overlong \xC0\xAF"), "overlong \xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(CleanText("too far \xF4\x90\x80\x80"), "too far \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(CleanText, DropsSurrogatesAndNonCharactersThatXmlCannotCarry) {
  EXPECT_EQ(CleanText("a\xED\xA0\x80"
                      "b\xEF\xBF\xBE"
                      "c\xEF\xBF\xBF"
                      "d"),
            "abcd");
}

TEST(OneLine, JoinsWords) { EXPECT_EQ(OneLine("  a \r\n\n b\t"), "a b"); }

TEST(HeadAndTail, LeavesShortTextAlone) { EXPECT_EQ(HeadAndTail("abc", 3), "abc"); }

TEST(HeadAndTail, KeepsBothEndsAndSaysWhatIsGone) {
  EXPECT_EQ(HeadAndTail("aaaa1234567890bbbb", 8), "aaaa\n[... 10 bytes left out ...]\nbbbb");
}

TEST(HeadAndTail, CutsBetweenCharacters) {
  const std::string cut = HeadAndTail("äääääääääää", 9);
  EXPECT_EQ(CleanText(cut), cut);
  EXPECT_THAT(cut, ::testing::StartsWith("ää\n"));
}

}  // namespace
}  // namespace tales::reports
