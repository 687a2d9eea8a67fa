// The resolution that a `vga=` kernel argument means. Source: VESA BIOS Extensions 2.0 mode numbers, as the kernel's
// boot code takes them: 0x200 added to the VESA number (Documentation/fb/vesafb.rst).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tales {
struct Resolution {
  int width, height;
  friend bool operator==(const Resolution&, const Resolution&) = default;
};
// "vga=792" or "vga=0x318" -> 1024x768; nullopt for anything else ("vga=ask", text modes, unknown numbers).
std::optional<Resolution> ResolutionOfVga(std::string_view argument);
}  // namespace tales
