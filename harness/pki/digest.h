// SHA-256 (FIPS 180-4) of bytes, as its tools print it.
#pragma once

#include <string>
#include <string_view>

namespace tales::pki {

std::string Sha256Hex(std::string_view bytes);  // 64 lower-case digits

}  // namespace tales::pki
