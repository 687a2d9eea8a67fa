// The fixture with an engine's socket of our own and a talosctl that is a script: what it asks, and what it leaves
// alone.
#include "fixtures/docker/docker_fixture.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "fixtures/docker/engine.h"
#include "fixtures/docker/examine.h"
#include "harness/base/file.h"
#include "harness/base/subprocess.h"
#include "harness/definition/cluster_file.h"
#include "tests/support/status_matchers.h"

namespace tales::docker {
namespace {

using ::tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Containers are the lines of a file.
constexpr char kEngine[] = R"(
import http.server, json, os, socketserver, sys, urllib.parse
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        if url.path == '/version': body = {'Version': '27.3.1'}
        elif url.path == '/containers/json':
            query = urllib.parse.parse_qs(url.query)
            wanted = json.loads(query['filters'][0])['label']
            assert query['all'] == ['true'] and 'talos.owned=true' in wanted
            name = [w for w in wanted if w.startswith('talos.cluster.name=')][0].split('=', 1)[1]
            with open(sys.argv[2]) as file: lines = file.read().split()
            body = [{'Names': ['/' + l]} for l in lines if l.startswith(name + '-')]
        else: return self.send_error(404)
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def log_message(self, *_): pass
    def address_string(self): return 'unix'
socketserver.UnixStreamServer(sys.argv[1], Handler).serve_forever()
)";

class DockerFixtureTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!FindProgram("python3").ok()) GTEST_SKIP() << "python3 is not on PATH";
    const std::filesystem::path containers = folder_.path() / "containers", log = folder_.path() / "log";
    ASSERT_OK(WriteFileAtomically(containers, "somebody-elses-controlplane-1\n"));
    ASSERT_OK(WriteFileAtomically(
        folder_.path() / "talosctl",
        absl::StrCat(R"(#!/bin/sh
echo "$@" >> )",
                     log.string(), R"(
case "$1 $2" in
"cluster create") [ ! -e )",
                     (folder_.path() / "fail").string(), R"( ] || { echo tales-docker-controlplane-1 >> )",
                     containers.string(), R"(; echo "no image; password: hunter2-hunter2" >&2; exit 1; }
  printf 'tales-docker-controlplane-1\ntales-docker-worker-1\n' >> )",
                     containers.string(), R"( ;;
"cluster destroy") sed -i /^tales-docker-/d )",
                     containers.string(), R"( ;;
esac
)"),
        0755));
    auto engine = Child::Start({.command = {.argv = {"python3", "-c", kEngine, socket_.string(), containers.string()}},
                                .log_file = folder_.path() / "engine.log"});
    ASSERT_OK(engine);
    engine_.emplace(*std::move(engine));
    ASSERT_OK(RetryUntil(Deadline::After(absl::Seconds(20)), "the engine", absl::Milliseconds(20),
                         [&] { return EngineVersion(socket_, Deadline::After(absl::Seconds(1))).status(); }));
    path_ = std::getenv("PATH");
    setenv("PATH", absl::StrCat(folder_.path().string(), ":", path_).c_str(), 1);
    setenv("DOCKER_HOST", absl::StrCat("unix://", socket_.string()).c_str(), 1);
    const auto definition =
        LoadClusterFile(std::filesystem::path(std::getenv("TALES_SOURCE")) / "fixtures/clusters/docker.yaml");
    ASSERT_OK(definition);
    request_.definition = *definition;
    request_.state_folder = folder_.path() / "run";
    std::filesystem::create_directories(request_.state_folder);
  }
  void TearDown() override {
    unsetenv("DOCKER_HOST");
    if (!path_.empty()) setenv("PATH", path_.c_str(), 1);
  }
  std::string Log() const { return ReadFile(folder_.path() / "log").value_or(""); }
  std::string Containers() const { return ReadFile(folder_.path() / "containers").value_or(""); }

  const TemporaryFolder folder_ = *TemporaryFolder::Make("docker");
  const std::filesystem::path socket_ = folder_.path() / "engine.sock";
  std::optional<Child> engine_;
  std::string path_;
  FixtureRequest request_;
};

TEST_F(DockerFixtureTest, WhatFailsHalfWayIsTakenDownAndNothingElse) {
  ASSERT_OK(WriteFileAtomically(folder_.path() / "fail", ""));
  DockerFixture fixture;
  EXPECT_THAT(
      fixture.Up(request_).status(),
      StatusIs(absl::StatusCode::kUnavailable,
               AllOf(HasSubstr("cluster create"), HasSubstr("ended with exit code 1"), Not(HasSubstr("hunter2")))));
  EXPECT_THAT(Log(), HasSubstr("cluster destroy --provisioner docker --name tales-docker --state"));
  EXPECT_EQ(Containers(), "somebody-elses-controlplane-1\n");
}

// It is made; that no Kubernetes answers behind the script ends it, and it is taken down.
TEST_F(DockerFixtureTest, IsTakenDownByItsNameWhenItEnds) {
  {
    DockerFixture fixture;
    EXPECT_FALSE(fixture.Up(request_).ok());
    EXPECT_THAT(Containers(), HasSubstr("tales-docker-worker-1"));
    EXPECT_THAT(Log(), HasSubstr("kubeconfig"));
    ASSERT_OK(fixture.Down());
    EXPECT_EQ(Containers(), "somebody-elses-controlplane-1\n");
  }
  const std::string log = Log();
  DockerFixture again;
  EXPECT_OK(again.Down());
  EXPECT_EQ(Log(), log) << "it has made nothing, so there is nothing to take down";
}

TEST_F(DockerFixtureTest, WhatIsThereIsLeftAlone) {
  ASSERT_OK(WriteFileAtomically(folder_.path() / "containers", "tales-docker-controlplane-1\n"));
  {
    DockerFixture fixture;
    EXPECT_THAT(fixture.Up(request_).status(),
                StatusIs(absl::StatusCode::kAlreadyExists,
                         AllOf(HasSubstr("tales-docker-controlplane-1"), HasSubstr("talosctl cluster destroy"))));
  }
  EXPECT_EQ(Log(), "") << "talosctl was not run at all";
}

TEST_F(DockerFixtureTest, TellsWhatIsMissing) {
  EXPECT_THAT(
      ContainersOf(socket_, "somebody-elses", Deadline::After(absl::Seconds(5))).value_or(std::vector<std::string>{}),
      ElementsAre("somebody-elses-controlplane-1"));
  setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock", 1);
  DockerFixture fixture;
  EXPECT_THAT(fixture.Up(request_).status(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nonexistent/docker.sock")));
  EXPECT_EQ(Examine(&*request_.definition).front().kind, Finding::kMissing);
  setenv("DOCKER_HOST", "tcp://192.0.2.1:2375", 1);
  EXPECT_THAT(fixture.Up(request_).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("unix://PATH alone")));
  request_.definition.reset();
  EXPECT_THAT(fixture.Up(request_).status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--cluster FILE")));
}

}  // namespace
}  // namespace tales::docker
