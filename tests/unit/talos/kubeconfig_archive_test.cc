#include "harness/talos/kubeconfig_archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <string>

#include "tests/support/status_matchers.h"

namespace tales::talos {
namespace {

using tales::testing::IsOkAndHolds;
using tales::testing::StatusIs;
using ::testing::_;
using ::testing::HasSubstr;

std::string Pack(const char* name, const std::string& content) {
  std::string out(content.size() + 65536, '\0');
  size_t used = 0;
  archive* writer = archive_write_new();
  archive_write_add_filter_gzip(writer);
  archive_write_set_format_ustar(writer);
  archive_write_set_bytes_in_last_block(writer, 1);
  archive_write_open_memory(writer, out.data(), out.size(), &used);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, name);
  archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_write_header(writer, entry);
  archive_write_data(writer, content.data(), content.size());
  archive_entry_free(entry);
  archive_write_close(writer);
  archive_write_free(writer);
  out.resize(used);
  return out;
}

TEST(UnpackKubeconfig, TheOneEntry) {
  EXPECT_THAT(UnpackKubeconfig(Pack("kubeconfig", "kind: Config\n"), 100), IsOkAndHolds("kind: Config\n"));
}

TEST(UnpackKubeconfig, HostileArchives) {
  EXPECT_FALSE(UnpackKubeconfig("", 100).ok());
  EXPECT_THAT(UnpackKubeconfig("no archive at all", 100),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("tar.gz")));
  EXPECT_THAT(UnpackKubeconfig(Pack("other", "x"), 100),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("kubeconfig")));
  // 8 MiB that are a few KiB packed.
  EXPECT_THAT(UnpackKubeconfig(Pack("kubeconfig", std::string(8 << 20, 'a')), 1 << 20),
              StatusIs(absl::StatusCode::kOutOfRange, _));
  std::string content(100'000, 'a');
  content.append("end");
  const std::string whole = Pack("kubeconfig", content);
  for (size_t size = 0; size < whole.size(); size += 7) {
    EXPECT_FALSE(UnpackKubeconfig(whole.substr(0, size), 1 << 20).ok() && size < whole.size() / 2) << size;
  }
}

}  // namespace
}  // namespace tales::talos
