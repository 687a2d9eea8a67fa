#include "suites/shared/vesa_mode.h"

#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace tales {

std::optional<Resolution> ResolutionOfVga(std::string_view argument) {
  if (!absl::ConsumePrefix(&argument, "vga=")) return std::nullopt;
  uint32_t mode = 0;
  const bool parsed =
      absl::StartsWith(argument, "0x") ? absl::SimpleHexAtoi(argument, &mode) : absl::SimpleAtoi(argument, &mode);
  if (!parsed || mode < 0x300) return std::nullopt;
  // Graphics modes come in colour depths: 8 bit at 0x101, 0x103, 0x105, 0x107; 15, 16 and 24 bit from 0x110 in threes.
  switch (mode - 0x200) {
    case 0x101:
    case 0x110:
    case 0x111:
    case 0x112:
      return Resolution{640, 480};
    case 0x103:
    case 0x113:
    case 0x114:
    case 0x115:
      return Resolution{800, 600};
    case 0x105:
    case 0x116:
    case 0x117:
    case 0x118:
      return Resolution{1024, 768};
    case 0x107:
    case 0x119:
    case 0x11a:
    case 0x11b:
      return Resolution{1280, 1024};
    default:
      return std::nullopt;
  }
}

}  // namespace tales
