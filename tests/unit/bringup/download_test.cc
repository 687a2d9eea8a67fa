// Downloads from a server of our own: HTTPS by an authority that was made for it.
#include "fixtures/bringup/download.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "harness/base/subprocess.h"
#include "harness/pki/authority.h"
#include "tests/support/status_matchers.h"

namespace tales::bringup {
namespace {

using ::tales::testing::StatusIs;
using ::testing::HasSubstr;

constexpr char kServer[] = R"(
import http.server, os, ssl, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == '/to-http': return self.go('http://127.0.0.1:1/x')
        if self.path == '/round': return self.go('/round')
        if self.path == '/moved': return self.go('/small')
        if self.path == '/slow': time.sleep(30)
        if self.path not in ('/small', '/large', '/endless', '/busy'): return self.send_error(404)
        if self.path == '/busy': return self.send_error(503)
        self.send_response(200)
        size = 5 if self.path == '/small' else 2000
        if self.path != '/endless': self.send_header('Content-Length', str(size))
        self.end_headers()
        self.wfile.write(b'small' if size == 5 else b'x' * size)
    def go(self, where):
        self.send_response(302)
        self.send_header('Location', where)
        self.end_headers()
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
if sys.argv[2]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2])
    server.socket = context.wrap_socket(server.socket, server_side=True)
with open(sys.argv[1] + '.part', 'w') as out: out.write(str(server.server_port))
os.rename(sys.argv[1] + '.part', sys.argv[1])
server.serve_forever()
)";

class DownloadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!FindProgram("python3").ok()) GTEST_SKIP() << "python3 is not on PATH";
    absl::StatusOr<pki::Authority> authority = pki::Authority::Mint("test", "test", pki::KeyType::kEcP256);
    ASSERT_OK(authority);
    const auto leaf = authority->Issue({.common_name = "server", .addresses = {"127.0.0.1"}, .server_auth = true});
    ASSERT_OK(leaf);
    ASSERT_OK(WriteFileAtomically(authorities_, authority->certificate_pem()));
    ASSERT_OK(
        WriteFileAtomically(folder_.path() / "leaf.pem", absl::StrCat(leaf->key_pem, leaf->certificate_pem), 0600));
    secure_ = Serve("https", (folder_.path() / "leaf.pem").string());
    plain_ = Serve("http", "");
  }
  std::string Serve(const std::string& scheme, const std::string& leaf) {
    const std::filesystem::path port = folder_.path() / scheme;
    absl::StatusOr<Child> child = Child::Start({.command = {.argv = {"python3", "-c", kServer, port.string(), leaf}},
                                                .log_file = folder_.path() / (scheme + ".log")});
    EXPECT_OK(child);
    if (!child.ok()) return "";
    children_.push_back(*std::move(child));
    EXPECT_OK(RetryUntil(Deadline::After(absl::Seconds(20)), "the server", absl::Milliseconds(20),
                         [&] { return ReadFile(port).status(); }));
    return absl::StrCat(scheme, "://127.0.0.1:", ReadFile(port).value_or(""));
  }
  absl::StatusOr<std::string> Get(const std::string& url, absl::Duration patience = absl::Seconds(10)) {
    return Download(url, 1000, authorities_, Deadline::After(patience));
  }

  const TemporaryFolder folder_ = *TemporaryFolder::Make("download");
  const std::filesystem::path authorities_ = folder_.path() / "ca.pem";
  std::vector<Child> children_;
  std::string secure_, plain_;
};

TEST_F(DownloadTest, BringsAFile) {
  EXPECT_EQ(*Get(secure_ + "/small"), "small");
  EXPECT_EQ(*Get(secure_ + "/moved"), "small");
  EXPECT_EQ(*Get(plain_ + "/small"), "small") << "of 127.0.0.0/8";
}

TEST_F(DownloadTest, TakesNoMoreThanItIsTold) {
  EXPECT_THAT(Get(secure_ + "/large").status(), StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("longer than 1000")));
  EXPECT_THAT(Get(secure_ + "/endless").status(), StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("longer than")));
}

TEST_F(DownloadTest, SaysWhatIsWrong) {
  EXPECT_THAT(Get(secure_ + "/no").status(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("404")));
  EXPECT_THAT(Get(secure_ + "/busy").status(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("503")));
  EXPECT_THAT(Get(secure_ + "/slow", absl::Milliseconds(300)).status(),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("/slow")));
  EXPECT_THAT(Get("https://127.0.0.1:1/x").status(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("127.0.0.1")));
}

TEST_F(DownloadTest, TrustsNobodyElse) {
  const auto other = pki::Authority::Mint("other", "test", pki::KeyType::kEcP256);
  ASSERT_OK(other);
  ASSERT_OK(WriteFileAtomically(folder_.path() / "other.pem", other->certificate_pem()));
  EXPECT_THAT(
      Download(secure_ + "/small", 1000, folder_.path() / "other.pem", Deadline::After(absl::Seconds(10))).status(),
      StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("certificate")));
  EXPECT_THAT(Get(secure_ + "/to-http").status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("/to-http")));
  EXPECT_THAT(Get(secure_ + "/round").status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("redirects")));
}

TEST(CheckUrl, OnlyHttps) {
  EXPECT_OK(CheckUrl("https://example.org/x.yaml"));
  EXPECT_OK(CheckUrl("http://127.1.2.3:80/x"));
  for (const char* url :
       {"http://example.org/x", "http://127.evil.example/x", "ftp://example.org/x", "file:///etc/passwd", "https://",
        "https://me:secret@example.org/", "http://127.0.0.1@evil.example/", "x"})
    EXPECT_THAT(CheckUrl(url), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("https"))) << url;
}

}  // namespace
}  // namespace tales::bringup
