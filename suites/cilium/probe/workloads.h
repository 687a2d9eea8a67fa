// The objects that probes need, as functions of what is wanted. Nothing of them asks the cluster.
#pragma once

#include <string>
#include <vector>

#include "suites/cilium/probe/place.h"

namespace tales::cilium::probe {

struct Images {
  std::string client = "quay.io/cilium/alpine-curl:v1.10.0";  // sh, curl, ping, dig, nslookup, nc, tcpdump, ip
  std::string server = "registry.k8s.io/e2e-test-images/agnhost:2.53";  // netexec
};

// Privileged, for NET_RAW, the host's network and host ports; marked. `tenant`: as WriteTenant() has it.
Json NamespaceObject(const std::string& run_id, const std::string& tenant);
// The script that client pods have, as a ConfigMap.
Json ScriptObject();

enum class Role { kClient, kHostClient, kServer, kDoor, kGuard };  // the last three run agnhost
struct PodWish {
  std::string name, node;
  Role role = Role::kClient;
  std::map<std::string, std::string> labels = {};  // beside role
};
// Pinned to its node past the scheduler, so that taints keep nothing away. Ends at once when it is deleted.
Json PodObject(const PodWish& wish, const Images& images);
// Client, host client, server and door of a node.
std::vector<PodWish> PodsOfNode(int number, const std::string& node, bool host_ports);

// echo-NUMBER: NodePort, before the server of one node; kHeadless: before all of them.
inline constexpr char kHeadless[] = "headless";
Json NodeServiceObject(int number);
Json HeadlessServiceObject();

// What PodObject() became: address, or why there is none ("ErrImagePull: ..."). `object` is null where it is gone.
PodPlace PodPlaceOf(const std::string& name, const std::string& node, const Json& object);
// Whether waiting longer may help a pod that does not run yet.
bool MayComeYet(const Json& object);

}  // namespace tales::cilium::probe
