#include "suites/shared/vesa_mode.h"

#include "gtest/gtest.h"

namespace tales {
namespace {

TEST(ResolutionOfVgaTest, KnowsTheModesOfTheBootProtocol) {
  EXPECT_EQ(ResolutionOfVga("vga=792"), (Resolution{1024, 768}));
  EXPECT_EQ(ResolutionOfVga("vga=0x318"), (Resolution{1024, 768}));
  EXPECT_EQ(ResolutionOfVga("vga=795"), (Resolution{1280, 1024}));
  EXPECT_EQ(ResolutionOfVga("vga=788"), (Resolution{800, 600}));
}

TEST(ResolutionOfVgaTest, ClaimsNothingAboutTheRest) {
  for (const char* argument :
       {"vga=ask", "vga=normal", "vga=1", "vga=0x118", "vga=", "quiet", "vga=99999999999", "vga=0x3ff"}) {
    EXPECT_EQ(ResolutionOfVga(argument), std::nullopt) << argument;
  }
}

}  // namespace
}  // namespace tales
