// apid's routing rules, without a network.
#include "fixtures/lab/talos_api/routing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/talos/proto/cosi.pb.h"
#include "harness/talos/proto/machine.pb.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/lab/worlds.h"

namespace tales::lab {
namespace {

using ::testing::HasSubstr;

class RoutingTest : public ::testing::Test {
 protected:
  RoutingTest()
      : state_{*world_, objects_, resources_, [](const MachineConfig&) { return std::string("kubeconfig"); }} {}

  struct Result {
    std::vector<std::string> messages;
    grpc::Status status;
    bool waits = false;
  };
  Result Ask(const std::string& endpoint, IncomingCall call) {
    if (call.roles.empty()) call.roles = {"os:admin"};
    Reply reply = Route(state_, endpoint, call);
    Result result;
    while (true) {
      Step step = reply();
      if (step.kind == Step::Kind::kMessage) {
        result.messages.push_back(step.message);
        continue;
      }
      result.status = step.status;
      result.waits = step.kind == Step::Kind::kWait;
      return result;
    }
  }
  static IncomingCall Version(std::vector<std::string> node, std::vector<std::string> nodes) {
    return {"/machine.MachineService/Version", std::move(node), std::move(nodes), {}, ""};
  }
  static machine::VersionResponse Parse(const Result& result) {
    machine::VersionResponse response;
    EXPECT_EQ(result.messages.size(), 1u);
    EXPECT_TRUE(!result.messages.empty() && response.ParseFromString(result.messages.front()));
    return response;
  }

  static constexpr const char* kControl = "10.0.1.50";
  static constexpr const char* kWorker = "10.0.1.100";
  TestWorld world_;
  kube::ObjectStore objects_;
  ResourceBook resources_;
  LabState state_;
};

TEST_F(RoutingTest, WithoutMetadataTheLocalNodeAnswersWithoutMetadata) {
  const machine::VersionResponse response = Parse(Ask("worker", Version({}, {})));
  EXPECT_EQ(response.messages(0).version().tag(), "v1.9.4");
  EXPECT_FALSE(response.messages(0).has_metadata());
}

TEST_F(RoutingTest, OneNodeIsProxiedWithoutMetadata) {
  EXPECT_FALSE(Parse(Ask("control", Version({kWorker}, {}))).messages(0).has_metadata());
}

TEST_F(RoutingTest, ManyNodesAreJoinedAndAFailedOneIsInsideAnOkReply) {
  ASSERT_OK(world_->AddFault({"lab", "node-down", "worker"}));
  const Result result = Ask("control", Version({}, {kControl, kWorker}));
  EXPECT_TRUE(result.status.ok());
  const machine::VersionResponse response = Parse(result);
  ASSERT_EQ(response.messages_size(), 2);
  EXPECT_EQ(response.messages(0).metadata().hostname(), kControl);
  EXPECT_EQ(response.messages(0).version().tag(), "v1.9.4");
  EXPECT_EQ(response.messages(1).metadata().hostname(), kWorker);
  EXPECT_THAT(response.messages(1).metadata().error(), HasSubstr("no route to host"));
  EXPECT_FALSE(response.messages(1).has_version());
}

TEST_F(RoutingTest, AFailedNodeAskedAloneIsARealError) {
  ASSERT_OK(world_->AddFault({"lab", "no-route", "control/worker"}));
  EXPECT_EQ(Ask("control", Version({kWorker}, {})).status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(RoutingTest, AWorkerAnswersForItselfAndForwardsNothing) {
  EXPECT_TRUE(Ask("worker", Version({kWorker}, {})).status.ok());
  const Result itself = Ask("worker", Version({}, {kWorker}));
  EXPECT_FALSE(Parse(itself).messages(0).has_metadata());
  for (const Result& result :
       {Ask("worker", Version({kControl}, {})), Ask("worker", Version({}, {kWorker, kControl}))}) {
    EXPECT_EQ(result.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_EQ(result.status.error_message(), "no request forwarding");
  }
  ASSERT_OK(world_->AddFault({"lab", "worker-forwards", "worker"}));
  EXPECT_TRUE(Ask("worker", Version({kControl}, {})).status.ok());
}

TEST_F(RoutingTest, WrongMetadata) {
  EXPECT_EQ(Ask("control", Version({kControl, kWorker}, {})).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Ask("control", Version({"10.0.1.100:50000"}, {})).status.error_code(), grpc::StatusCode::INTERNAL);
  cosi::resource::ListRequest list;
  list.set_namespace_("runtime");
  list.set_type("Services.v1alpha1.talos.dev");
  const Result many = Ask("control", {"/cosi.resource.State/List", {}, {kWorker}, {}, list.SerializeAsString()});
  EXPECT_EQ(many.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Ask("control", {"/cosi.resource.State/List", {kWorker}, {}, {}, list.SerializeAsString()}).messages.size(),
            9u);
}

TEST_F(RoutingTest, RolesDecide) {
  const auto code = [&](const std::string& method, const std::string& role) {
    return Ask("control", {"/machine.MachineService/" + method, {}, {}, {role}, ""}).status.error_code();
  };
  EXPECT_EQ(code("Version", "os:reader"), grpc::StatusCode::OK);
  EXPECT_EQ(code("Version", "system:masters"), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(code("EtcdStatus", "os:reader"), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(code("EtcdStatus", "os:operator"), grpc::StatusCode::OK);
  EXPECT_EQ(code("Kubeconfig", "os:operator"), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(code("Reset", "os:operator"), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(code("Reboot", "os:reader"), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(code("MetaWrite", "os:operator"), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(code("MetaWrite", "os:admin"), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(RoutingTest, MaintenanceServesLittle) {
  TestWorld world(InitialState::kMaintenance);
  world.Pass(absl::Minutes(1));
  LabState state{*world, objects_, resources_, [](const MachineConfig&) { return std::string(); }};
  const auto ask = [&](const std::string& method) {
    return AnswerInMaintenance(state, "worker", {method, {}, {"10.0.1.50"}, {}, ""})().status;
  };
  EXPECT_TRUE(ask("/storage.StorageService/Disks").ok());
  EXPECT_EQ(ask("/machine.MachineService/Version").error_message(), "API is not implemented in maintenance mode");
  EXPECT_EQ(ask("/machine.MachineService/Reboot").error_message(), "method Reboot not implemented");
  EXPECT_EQ(ask("/cluster.ClusterService/HealthCheck").error_message(), "unknown service cluster.ClusterService");
  EXPECT_EQ(ask("/cosi.resource.State/Create").error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(RoutingTest, AStreamEndsWithItsNode) {
  machine::EventsRequest events;
  Reply reply = Route(state_, "control",
                      {"/machine.MachineService/Events", {kWorker}, {}, {"os:reader"}, events.SerializeAsString()});
  EXPECT_EQ(reply().kind, Step::Kind::kMessage) << "the hello";
  EXPECT_EQ(reply().kind, Step::Kind::kWait);
  EXPECT_OK(world_->ChangeMachine("worker", [](Machines& all, Machine& machine, absl::Time now) {
    all.PowerOff(machine, now);
    return absl::OkStatus();
  }));
  const Step end = reply();
  EXPECT_EQ(end.kind, Step::Kind::kEnd);
  EXPECT_EQ(end.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(Ask("control", Version({kWorker}, {})).status.error_message(), HasSubstr("no route to host"));
}

TEST_F(RoutingTest, ControlPlaneMethodsAreUnimplementedOnAWorker) {
  const Result result = Ask("control", {"/machine.MachineService/EtcdMemberList", {kWorker}, {}, {}, ""});
  EXPECT_EQ(result.status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(result.status.error_message(), "member list is only available on control plane nodes");
}

TEST_F(RoutingTest, StateIsReadOnlyAndSensitiveTypesAreForAdmins) {
  const auto list = [&](const std::string& namespace_, const std::string& type, const std::string& role) {
    cosi::resource::ListRequest request;
    request.set_namespace_(namespace_);
    request.set_type(type);
    return Ask("control", {"/cosi.resource.State/List", {}, {}, {role}, request.SerializeAsString()})
        .status.error_code();
  };
  EXPECT_EQ(list("config", "MachineConfigs.config.talos.dev", "os:operator"), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(list("config", "MachineConfigs.config.talos.dev", "os:admin"), grpc::StatusCode::OK);
  EXPECT_EQ(list("runtime", "Nothings.talos.dev", "os:admin"), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(list("nowhere", "Services.v1alpha1.talos.dev", "os:admin"), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Ask("control", {"/cosi.resource.State/Create", {}, {}, {}, ""}).status.error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(RoutingTest, AWatchTellsWhatIsThereThenWhatChanges) {
  cosi::resource::WatchRequest request;
  request.set_namespace_("runtime");
  request.set_type("MachineStatuses.runtime.talos.dev");
  request.set_api_version(1);
  request.mutable_options()->set_bootstrap_contents(true);
  IncomingCall call{"/cosi.resource.State/Watch", {kWorker}, {}, {"os:reader"}, request.SerializeAsString()};
  Reply reply = Route(state_, "control", call);
  const auto next = [&] {
    cosi::resource::WatchResponse response;
    Step step = reply();
    EXPECT_EQ(step.kind, Step::Kind::kMessage);
    EXPECT_TRUE(response.ParseFromString(step.message));
    return response;
  };
  EXPECT_EQ(next().event_size(), 0) << "the watch stands";
  EXPECT_EQ(next().event(0).event_type(), cosi::resource::CREATED);
  EXPECT_EQ(next().event(0).event_type(), cosi::resource::BOOTSTRAPPED);
  EXPECT_EQ(reply().kind, Step::Kind::kWait);
  ASSERT_OK(world_->AddFault({"lab", "machine-not-ready", "worker"}));
  const cosi::resource::WatchResponse changed = next();
  EXPECT_EQ(changed.event(0).event_type(), cosi::resource::UPDATED);
  EXPECT_THAT(changed.event(0).resource().spec().yaml_spec(), HasSubstr("ready: false"));
  EXPECT_THAT(changed.event(0).old().spec().yaml_spec(), HasSubstr("ready: true"));
}

TEST_F(RoutingTest, ANodeThatHangsNeverAnswersAndOneThatTalksGarbageDoes) {
  ASSERT_OK(world_->AddFault({"lab", "talos-hang", "worker"}));
  EXPECT_TRUE(Ask("control", Version({kWorker}, {})).waits);
  EXPECT_TRUE(Ask("control", Version({}, {kControl, kWorker})).waits);
  ASSERT_OK(world_->RemoveFault({"lab", "talos-hang", "worker"}));
  ASSERT_OK(world_->AddFault({"lab", "talos-garbage", "worker"}));
  const Result garbage = Ask("control", Version({kWorker}, {}));
  ASSERT_EQ(garbage.messages.size(), 1u);
  EXPECT_FALSE(machine::VersionResponse().ParseFromString(garbage.messages[0]));
}

TEST_F(RoutingTest, AHostileRequestGetsAnError) {
  for (const char* method :
       {"/machine.MachineService/Read", "/machine.MachineService/Logs", "/cosi.resource.State/Watch"})
    EXPECT_EQ(Ask("control", {method, {}, {}, {}, "\xff\xff\xff"}).status.error_code(), grpc::StatusCode::INTERNAL)
        << method;
}

}  // namespace
}  // namespace tales::lab
