// Cluster files that nobody wrote in good faith: each is answered, none crashes or takes long.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "harness/definition/cluster_file.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::tales::testing::StatusIs;
using ::testing::HasSubstr;

absl::StatusOr<ClusterDefinition> Parse(std::string_view text) { return ParseClusterFile(text, "c.yaml", "/folder"); }

auto Refused(std::string_view why) { return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(std::string(why))); }

std::string Repeat(std::string_view unit, size_t times) {
  std::string text;
  while (times-- > 0) text.append(unit);
  return text;
}

std::string Tales() {
  const char* source = std::getenv("TALES_SOURCE");
  return ReadFile(std::filesystem::path(source == nullptr ? "." : source) / "fixtures/clusters/tales.yaml")
      .value_or("");
}

TEST(HostileClusterFile, TooLong) {
  EXPECT_THAT(Parse(std::string((1 << 20) + 1, '#')), Refused("longer than 1 MiB"));
  EXPECT_THAT(LoadClusterFile("/dev/zero"), StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("/dev/zero")));
}

TEST(HostileClusterFile, Binary) {
  EXPECT_THAT(Parse(std::string("version: 1\nclu\0ster: x", 22)), Refused("c.yaml:2:4: not a text file: byte 0x00"));
  EXPECT_THAT(Parse("version: 1\ncluster: \xff"), Refused("c.yaml:2:10: not UTF-8: byte 0xff"));
  EXPECT_THAT(Parse("cluster: \xc3"), Refused("not UTF-8"));
  EXPECT_THAT(Parse("cluster: \xed\xa0\x80"), Refused("not UTF-8"));
  EXPECT_THAT(Parse("cluster: \xc0\xaf"), Refused("not UTF-8"));
  EXPECT_THAT(Parse("\x1b[31mred"), Refused("byte 0x1b"));
}

TEST(HostileClusterFile, TooDeep) {
  EXPECT_THAT(Parse(Repeat("[", 100)), Refused("nested deeper than 32"));
  EXPECT_THAT(Parse(Repeat("[", 500000)), Refused("c.yaml:1:"));
  EXPECT_THAT(Parse(Repeat("{a: ", 200000)), Refused("c.yaml:1:"));
  EXPECT_THAT(Parse(Repeat("- ", 200000)), Refused("c.yaml:1:"));
}

TEST(HostileClusterFile, AliasBombs) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    absl::StrAppend(&bomb, "a", i, ": &a", i, " [", Repeat(absl::StrCat("*a", i - 1, ","), 8), "*a", i - 1, "]\n");
  }
  EXPECT_THAT(Parse(bomb), Refused("more than 1048576 values"));
  EXPECT_THAT(Parse(absl::StrCat("a: &a {x: y}\nb: [", Repeat("*a,", 1000), "]")), Refused("more than 100 aliases"));
  EXPECT_THAT(Parse("version: 1\ncluster: x\nnodes: &n [*n]"), Refused("an alias of what it stands in"));
}

TEST(HostileClusterFile, MoreThanOneDocument) {
  EXPECT_THAT(Parse("version: 1\ncluster: x\n---\nversion: 1\n"), Refused("c.yaml:4:1: a second document"));
}

TEST(HostileClusterFile, TenThousandMistakesAreFiftyLines) {
  std::string text = "version: 1\ncluster: x\n";
  for (int i = 0; i < 10000; ++i) absl::StrAppend(&text, "unknown", i, ": 1\n");
  const auto parsed = Parse(text);
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(std::count(parsed.status().message().begin(), parsed.status().message().end(), '\n'), 50);
  EXPECT_THAT(parsed.status().message(), HasSubstr("and 9950 more mistakes"));
}

TEST(HostileClusterFile, AMistakeIsOneLineWhateverItHolds) {
  const auto parsed = Parse("version: 1\ncluster: \"a\\nb\\e[31m" + std::string(5000, 'x') + "\"\n");
  ASSERT_FALSE(parsed.ok());
  EXPECT_LT(parsed.status().message().size(), 300u);
  EXPECT_EQ(parsed.status().message().find_first_of("\n\x1b"), std::string::npos);
}

TEST(HostileClusterFile, TruncatedAnywhere) {
  const std::string text = Tales();
  ASSERT_GT(text.size(), 1000u);
  for (size_t length = 0; length < text.size(); length += 7) {
    const auto parsed = Parse(std::string_view(text).substr(0, length));
    if (!parsed.ok()) {
      EXPECT_THAT(parsed, Refused("c.yaml:"));
    }
  }
}

TEST(HostileClusterFile, WithBytesChangedAnywhere) {
  const std::string text = Tales();
  ASSERT_GT(text.size(), 1000u);
  std::mt19937 random(20250302);
  constexpr std::string_view kYaml = "{}[]:,-&*!|>'\"%@`#\n \t~?<=0a\xc3";
  const auto start = std::chrono::steady_clock::now();
  for (int round = 0; round < 600 && std::chrono::steady_clock::now() - start < std::chrono::seconds(20); ++round) {
    std::string damaged = text;
    for (int edits = 1 + static_cast<int>(random() % 3); edits > 0; --edits) {
      const size_t at = random() % damaged.size();
      switch (random() % 3) {
        case 0:
          damaged[at] = kYaml[random() % kYaml.size()];
          break;
        case 1:
          damaged[at] ^= static_cast<char>(1 << (random() % 8));
          break;
        default:
          damaged.insert(at, 1, kYaml[random() % kYaml.size()]);
      }
    }
    const auto parsed = Parse(damaged);
    if (!parsed.ok()) {
      EXPECT_THAT(parsed, Refused("c.yaml:"));
    }
  }
}

}  // namespace
}  // namespace tales
