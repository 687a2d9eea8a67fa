// YAML of nobody's good faith.
#include "harness/yaml/yaml_input.h"

#include <sys/resource.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::tales::testing::StatusIs;
using ::testing::HasSubstr;

std::string Repeated(std::string_view unit, size_t bytes) {
  std::string text;
  while (text.size() < bytes) text.append(unit);
  return text;
}

auto Refused(const std::string& how) { return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(how)); }

TEST(YamlInputTest, ReadsWhatIsFine) {
  ASSERT_OK_AND_ASSIGN(const YAML::Node node, LoadYaml("a: &x {b: [1, ü]}\nc: *x\n", "f"));
  EXPECT_EQ(node["c"]["b"][1].Scalar(), "ü");
  ASSERT_OK_AND_ASSIGN(const YAML::Node empty, LoadYaml("", "f"));
  EXPECT_TRUE(empty.IsNull());
}

TEST(YamlInputTest, NamesThePlace) {
  EXPECT_THAT(LoadYaml("a: b\nc: [\n", "f"), Refused("f:3:1: not YAML"));
  EXPECT_THAT(LoadYaml("a: b\nc: *d\n", "f"), Refused("f:2:4: not YAML"));
  EXPECT_THAT(LoadYaml(std::string("a: b\nc\0", 7), "f"), Refused("f:2:2: not a text file: byte 0x00"));
  EXPECT_THAT(LoadYaml("\x7f"
                       "ELF",
                       "f"),
              Refused("f:1:1: not a text file: byte 0x7f"));
  EXPECT_THAT(LoadYaml("a: \xff", "f"), Refused("f:1:4: not UTF-8: byte 0xff"));
  EXPECT_THAT(LoadYaml("a: &a\n  b: *a\n", "f"), Refused("f:2:6: an alias of what it stands in"));
  EXPECT_THAT(LoadYaml("a: &a [b]\nc: [" + Repeated("*a,", 600) + "]", "f"), Refused("more than 100 aliases"));
  EXPECT_THAT(LoadYaml(Repeated("[", 100), "f"), Refused("f:1:33: nested deeper than 64 levels"));
  EXPECT_THAT(LoadYaml(Repeated("a: b\n", 1 << 20), "f"), Refused("f:1:1: longer than 512 KiB"));
}

TEST(YamlInputTest, NothingTakesLongOrMuchMemory) {
  std::string laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    absl::StrAppend(&laughs, "a", i, ": &a", i, " [", Repeated(absl::StrCat("*a", i - 1, ","), 40), "]\n");
  }
  constexpr size_t kFull = 512 << 10;
  const std::string worst[] = {laughs,
                               Repeated("a: b\n", kFull - 5),
                               Repeated("- {name: x}\n", kFull - 12),
                               Repeated("[", kFull),
                               Repeated("{a: ", kFull),
                               Repeated("- ", kFull),
                               Repeated("? ", kFull),
                               Repeated("&a ", kFull - 3),
                               Repeated("---\n", kFull),
                               Repeated("\t", kFull),
                               "\"" + Repeated("\\", kFull - 1),
                               "a: " + Repeated("x", kFull - 3),
                               "a: |\n" + Repeated(" x\n", kFull - 10)};
  for (const std::string& text : worst) {
    const absl::Time begin = absl::Now();
    LoadYaml(text, "f").status().IgnoreError();
    EXPECT_LT(absl::Now() - begin, absl::Seconds(3)) << text.substr(0, 20);
  }
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
#ifndef __SANITIZE_ADDRESS__
  EXPECT_LT(usage.ru_maxrss, 200 << 10) << "KiB";
#endif
}

}  // namespace
}  // namespace tales
