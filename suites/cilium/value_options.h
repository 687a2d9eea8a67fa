// Which option of cilium-config a value of Cilium's chart sets.
#pragma once

#include <string>
#include <string_view>

namespace tales::cilium {

struct ValueOption {
  std::string_view path;    // in values.yaml
  std::string_view option;  // of cilium-config
  std::string_view absent;  // what it means that the option is not there; "" where the chart always renders it
};
// nullptr: it sets none, or in a way that is not one to one.
const ValueOption* OptionOfValue(std::string_view path);
const ValueOption* ValueOfOption(std::string_view option);

}  // namespace tales::cilium
