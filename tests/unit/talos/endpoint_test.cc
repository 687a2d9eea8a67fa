#include "harness/talos/endpoint.h"

#include "tests/support/status_matchers.h"

namespace tales::talos {
namespace {

using tales::testing::StatusIs;
using ::testing::HasSubstr;

TEST(Endpoint, TakesHostsPortsAndBrackets) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"10.0.1.50", "10.0.1.50:50000"},     {"10.0.1.50:1234", "10.0.1.50:1234"}, {"fd00::1", "[fd00::1]:50000"},
      {"[fd00::1]:1234", "[fd00::1]:1234"}, {"[fd00::1]", "[fd00::1]:50000"},     {"control.lan", "control.lan:50000"},
  };
  for (const auto& [text, target] : cases) {
    ASSERT_OK_AND_ASSIGN(const Endpoint endpoint, ParseEndpoint(text));
    EXPECT_EQ(endpoint.Target(), target);
    EXPECT_EQ(endpoint.name, text);
  }
}

TEST(Endpoint, RefusesWhatIsNone) {
  for (const char* text :
       {"", ":1", "host:", "host:0", "host:65536", "host:x", "[fd00::1", "[fd00::1]x", "[::1]:", "https://10.0.1.50"}) {
    EXPECT_THAT(ParseEndpoint(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(text)));
  }
}

}  // namespace
}  // namespace tales::talos
