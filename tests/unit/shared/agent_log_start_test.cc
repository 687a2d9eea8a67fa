#include "suites/shared/agent_log_start.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tales {
namespace {

std::optional<std::string> Of(std::string_view line) { return AgentStartVersion(logs::ParseLogLine(line)); }

TEST(AgentLogStartTest, ItsFirstLinesAreKnown) {
  EXPECT_EQ(
      Of("time=\"2026-11-22T21:16:00Z\" level=info msg=\"Memory available for map entries (0.250%)\" subsys=config"),
      "");
  EXPECT_EQ(Of("time=\"2026-11-22T21:16:00Z\" level=info msg=\"Cilium 1.17.1 9a2b3c4d 2025-02-11T12:00:00+00:00 go "
               "version go1.23.6 linux/amd64\" subsys=daemon"),
            "1.17.1");
  EXPECT_EQ(Of("{\"level\":\"info\",\"msg\":\"Cilium 1.19.0 x go version\"}"), "1.19.0");
  EXPECT_EQ(Of("level=info msg=\"Cilium Operator 1.17.1\""), std::nullopt);
  EXPECT_EQ(Of("Cilium 1.17.1"), std::nullopt);  // not as it writes
  EXPECT_EQ(Of(""), std::nullopt);
}

}  // namespace
}  // namespace tales
