// A cluster of nodes with everything running, for tests of what is planned and judged.
#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "suites/cilium/probe/place.h"
#include "suites/cilium/probe/probe.h"

namespace tales::testing {

inline cilium::probe::Place PlaceOfNodes(int count) {
  cilium::probe::Place place;
  place.run_id = "r";
  for (int i = 1; i <= count; ++i) {
    cilium::probe::NodePlace& node = place.nodes.emplace_back();
    node.number = i;
    node.name = absl::StrCat("node-", i);
    node.address = absl::StrCat("10.6.0.", 10 + i);
    node.is_ready = true;
    int last = 1;
    for (auto [pod, name] : {std::pair{&node.client, "client-"},
                             {&node.host_client, "host-"},
                             {&node.server, "server-"},
                             {&node.door, "door-"}}) {
      *pod = {.name = absl::StrCat(name, i), .node = node.name, .address = absl::StrCat("10.244.", i, ".", last++)};
    }
    node.service = absl::StrCat("10.96.0.", 100 + i);
    node.address6 = absl::StrCat("fd00:10:6::", 10 + i);
    node.server.address6 = absl::StrCat("fd00:10:244:", i, "::3");
    node.service6 = absl::StrCat("fd00:10:96::", 100 + i);
    node.node_port = 30000 + i;
  }
  place.dns = {.service = "10.96.0.10", .pods = {{.name = "coredns-a", .node = "node-1", .address = "10.244.1.53"}}};
  place.api_service = "10.96.0.1";
  return place;
}

// From `from` to `to`, with what came of it: curl's exit code.
inline cilium::probe::Tried Get(const std::string& from, const std::string& to, int code,
                                const std::string& text = "") {
  cilium::probe::Tried tried;
  tried.probe = {.scenario = "other-node",
                 .pod = absl::StrCat("client-of-", from),
                 .from = from,
                 .to = to,
                 .words = {"get", "http://10.244.2.3:8080/hostname"},
                 .what = absl::StrCat("a pod on ", from, " asks a pod on ", to),
                 .command = "curl http://10.244.2.3:8080/hostname"};
  tried.answer = cilium::probe::Answer{code, text};
  return tried;
}

}  // namespace tales::testing
