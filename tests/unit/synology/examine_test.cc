// What `tales doctor` says of a NAS, without a login.
#include "fixtures/synology/examine.h"

#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/synology/fake_dsm.h"

namespace tales::synology::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Look(const SynologyDefinition& definition) {
  std::string text;
  for (const Finding& finding : Examine(definition, Deadline::After(absl::Seconds(20)))) {
    const char* kinds[] = {"there", "optional", "missing"};
    absl::StrAppend(&text, kinds[finding.kind], " ", finding.what, ": ", finding.found, "; ", finding.how, "\n");
  }
  return text;
}

TEST(ExamineNas, SaysWhatIsThereAndDoesNotLogIn) {
  FakeDsm dsm;
  const std::string text = Look(dsm.Definition());
  EXPECT_THAT(text, AllOf(HasSubstr("there NAS password: TALES_TEST_NAS_PASSWORD is set"),
                          HasSubstr(absl::StrCat("there NAS certificate: ", dsm.fingerprint(), " (nas)")),
                          HasSubstr("it has Virtual Machine Manager"), Not(HasSubstr(FakeDsm::kPassword))));
  EXPECT_EQ(dsm.Count("SYNO.API.Auth/login"), 0);
}

TEST(ExamineNas, NamesWhatIsMissing) {
  FakeDsm dsm;
  ASSERT_OK_AND_ASSIGN(const TemporaryFolder folder, TemporaryFolder::Make("examine"));
  SynologyDefinition definition = dsm.Definition();
  definition.password_env = "TALES_TEST_NOT_SET";
  definition.otp_env = "TALES_TEST_NO_CODE";
  EXPECT_THAT(Look(definition), AllOf(HasSubstr("missing NAS password: TALES_TEST_NOT_SET is not set"),
                                      HasSubstr("missing NAS second factor")));
  definition.password_env.clear();
  EXPECT_THAT(Look(definition), HasSubstr("`synology.passwordFile`"));
  definition.password_file = folder.path() / "password";
  EXPECT_THAT(Look(definition), HasSubstr("missing NAS password"));
  ASSERT_OK(WriteFileAtomically(definition.password_file, "x", 0644));
  EXPECT_THAT(Look(definition), HasSubstr("chmod 600"));
  ASSERT_OK(WriteFileAtomically(definition.password_file, "x", 0600));
  EXPECT_THAT(Look(definition), HasSubstr("there NAS password"));
  definition.fingerprint = "sha256:" + std::string(64, '0');
  EXPECT_THAT(Look(definition), HasSubstr(absl::StrCat("it shows ", dsm.fingerprint(), ", not sha256:000")));
  definition.fingerprint.clear();
  EXPECT_THAT(Look(definition), HasSubstr("the system's store"));
  definition.url = "https://127.0.0.1:1";
  EXPECT_THAT(Look(definition), HasSubstr("is the NAS on"));
}

TEST(ExamineNas, NamesAMissingPackageAndAMissingInternalInterface) {
  FakeDsm dsm;
  SynologyDefinition definition = dsm.Definition();
  definition.internal_reads = true;
  EXPECT_THAT(Look(definition), Not(HasSubstr("optional")));
  dsm.missing_apis = {"SYNO.Virtualization.Guest"};
  EXPECT_THAT(Look(definition), HasSubstr("optional internal interface"));
  dsm.missing_apis = {"SYNO.Virtualization.API.Guest"};
  EXPECT_THAT(Look(definition), HasSubstr("Package Center"));
}

}  // namespace
}  // namespace tales::synology::testing
