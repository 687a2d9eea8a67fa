// Sizes as people write them in settings of machines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tales {

// Bytes of "4GiB" (powers of 1024), "100GB" (powers of 1000), "1.5GiB", "512"; nullopt for anything else, and for what
// has no room in 63 bits.
std::optional<uint64_t> ParseSize(std::string_view text);
// The shortest text that ParseSize() reads as the same number: "4GiB", "100GB", "1536MiB", "12345".
std::string FormatSize(uint64_t bytes);

}  // namespace tales
