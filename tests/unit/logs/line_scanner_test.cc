#include "harness/logs/line_scanner.h"

#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales::logs {
namespace {

using ::tales::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// "OFFSET:PATTERNS:TEXT" of each line found when the stream comes in pieces of `size`.
std::vector<std::string> Found(const std::vector<LinePattern>& patterns, std::string_view stream, size_t size = 7) {
  std::vector<std::string> found;
  auto scanner = LineScanner::Make(patterns, [&](const FoundLine& line) {
    found.push_back(absl::StrCat(line.offset, ":", line.patterns, ":", line.text));
  });
  EXPECT_OK(scanner);
  for (; !stream.empty(); stream.remove_prefix(std::min(size, stream.size()))) scanner->Feed(stream.substr(0, size));
  scanner->Finish();
  return found;
}

TEST(LineScannerTest, EveryCutOfTheStreamGivesTheSame) {
  const std::string stream = "one\ntwo needle\n\nthree needle end\r\nneedle\nWarn\nnot a Warn\nlast needle";
  const std::vector<LinePattern> patterns = {{{"needle"}}, {{"\nWarn"}}, {{"end"}, "e+dl"}};
  for (size_t size = 1; size <= stream.size(); ++size) {
    EXPECT_THAT(Found(patterns, stream, size),
                ElementsAre("4:1:two needle", "16:5:three needle end", "34:1:needle", "41:2:Warn", "57:1:last needle"))
        << size;
  }
}

TEST(LineScannerTest, TheFirstLineHasAStartToo) {
  EXPECT_THAT(Found({{{"\nW"}, R"(^W\d)"}}, "W1 x\nW2\nXW3\n"), ElementsAre("0:1:W1 x", "5:1:W2"));
  EXPECT_THAT(Found({{{"\nW"}}}, "W"), ElementsAre("0:1:W"));
  EXPECT_THAT(Found({{{"\nW"}}}, ""), IsEmpty());
  EXPECT_THAT(Found({{{"x"}}}, "\n\n\n"), IsEmpty());
}

TEST(LineScannerTest, BytesAreBytes) {
  using namespace std::string_view_literals;
  EXPECT_THAT(Found({{{"key"}, "key.*end"}}, "a\0b key \xff\xfe\x80 end\0\n\xc3\x28 key\n"sv, 5),
              ElementsAre("0:1:a\0b key \xff\xfe\x80 end\0"sv));
  EXPECT_THAT(Found({{{"\xff\xfe"}}}, "x \xff\xfe y\n"), ElementsAre("0:1:x \xff\xfe y"));
}

TEST(LineScannerTest, ALineIsFoundOnceWithAllItsPatterns) {
  EXPECT_THAT(Found({{{"a", "b"}}, {{"b"}}, {{"c"}}}, "a b b a\nc\n"), ElementsAre("0:3:a b b a", "8:4:c"));
}

TEST(LineScannerTest, ALongLineIsCutAtTheSamePlaceWhateverTheChunks) {
  const std::string stream =
      absl::StrCat("needle ", std::string(kLongestLine, 'x'), " tail\nshort needle\n", std::string(kLongestLine, 'y'),
                   "needle\n", std::string(kLongestLine - 6, 'z'), "needle\n");
  for (const size_t size : {size_t{1000}, kLongestLine - 1, kLongestLine, kLongestLine + 1, stream.size()}) {
    std::vector<std::string> found;
    auto scanner = LineScanner::Make({{{"needle"}}, {{"tail"}}}, [&](const FoundLine& line) {
      found.push_back(absl::StrCat(line.text.size(), ":", line.patterns, ":", line.offset));
    });
    ASSERT_OK(scanner);
    for (std::string_view rest = stream; !rest.empty(); rest.remove_prefix(std::min(size, rest.size()))) {
      scanner->Feed(rest.substr(0, size));
    }
    scanner->Finish();
    EXPECT_THAT(found, ElementsAre(absl::StrCat(kLongestLine, ":1:0"), absl::StrCat("12:1:", kLongestLine + 13),
                                   absl::StrCat(kLongestLine, ":1:", 2 * kLongestLine + 33)))
        << size;
    EXPECT_EQ(scanner->cut_lines(), 2u) << size;
    EXPECT_EQ(scanner->bytes(), stream.size());
  }
}

TEST(LineScannerTest, WhatCannotBeSearchedForIsSaid) {
  const auto make = [](const std::vector<LinePattern>& patterns) {
    return LineScanner::Make(patterns, [](const FoundLine&) {}).status();
  };
  EXPECT_OK(make({}));
  EXPECT_THAT(make({{{"a"}, "a("}}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("missing )")));
  EXPECT_THAT(make({LinePattern{}}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("without a text")));
  EXPECT_THAT(make({{{""}}}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("a part of one line")));
  EXPECT_THAT(make({{{"a\nb"}}}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("a part of one line")));
  EXPECT_THAT(make(std::vector<LinePattern>(33, LinePattern{{"a"}})),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("at most 32")));
}

TEST(LineScannerTest, FilesAreReadAsTheyAre) {
  ASSERT_OK_AND_ASSIGN(const TemporaryFolder folder, TemporaryFolder::Make("tales-scan"));
  const std::string path = (folder.path() / "a.log").string();
  std::ofstream(path, std::ios::binary) << std::string(kLongestLine - 4, 'a') << "\nneedle\n";
  std::vector<std::string> found;
  ASSERT_OK_AND_ASSIGN(LineScanner scanner, LineScanner::Make({{{"needle"}}}, [&](const FoundLine& line) {
                         found.emplace_back(line.text);
                       }));
  EXPECT_OK(FeedFile(path, scanner));
  scanner.Finish();
  EXPECT_THAT(found, ElementsAre("needle"));
  EXPECT_THAT(FeedFile(path + ".gone", scanner), StatusIs(absl::StatusCode::kNotFound, HasSubstr("a.log.gone")));
}

}  // namespace
}  // namespace tales::logs
