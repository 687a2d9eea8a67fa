#include "fixtures/local/node/client_image.h"

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;

TEST(ClientImageTest, EachProgramIsTheOneThatIsMeantHoweverItIsCalled) {
  const absl::StatusOr<Image> image = ClientImage("/pause", "-----BEGIN CERTIFICATE-----\n");
  if (absl::IsNotFound(image.status())) GTEST_SKIP() << image.status().message();
  ASSERT_OK(image);
  for (const ClientProgram& program : ClientPrograms()) {
    if (program.name == "busybox") continue;
    const std::string name(program.as);
    EXPECT_FALSE(image->files.at("usr/sbin/" + name).source.empty()) << name;
    EXPECT_EQ(image->files.at("bin/" + name).link, "/usr/sbin/" + name);  // not busybox
  }
  EXPECT_EQ(image->files.at("bin/sh").link, "/usr/sbin/bash");
  EXPECT_EQ(image->files.at("bin/md5sum").link, "busybox");
  EXPECT_EQ(image->files.at("usr/bin/pause").source, "/pause");
  EXPECT_THAT(image->files.at("etc/passwd").content, HasSubstr("tcpdump:"));
  EXPECT_THAT(image->files, Contains(Key("etc/ssl/certs/ca-certificates.crt")));
}

}  // namespace
}  // namespace tales
