// Where probes run and what they reach: our pods and services as they came to be, and what is known of the cluster.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/kube/client.h"

namespace tales::cilium::probe {

using kube::Json;

inline constexpr char kNamespace[] = "tales-probe";
inline constexpr char kTenant[] = "tales.probe/tenant";  // annotation of it (suites/shared/tenancy.h)
inline constexpr char kMark[] = "tales.probe/run";       // label of the namespace: whose it is, and the run's id
inline constexpr int kHttpPort = 8080, kUdpPort = 8081;
inline constexpr int kHostPort = 24080;  // on every node, where the CNI serves host ports

struct PodPlace {
  std::string name;
  std::string node;
  std::string address;   // "" where it does not run
  std::string address6;  // its IPv6 address; "" where it has none
  std::string trouble;   // why it does not run, or may not be used; "": it does
  bool runs() const { return trouble.empty() && !address.empty(); }
};

// A node and what of ours is on it.
struct NodePlace {
  int number = 0;  // ours, from 1: pods are client-NUMBER and so on
  std::string name, address;
  std::string address6;   // "": it has none
  bool is_ready = false;  // says the API
  PodPlace client;        // pod network
  PodPlace host_client;   // the node's network
  PodPlace server;        // agnhost netexec
  PodPlace door;          // the same, with a host port
  std::string service;    // ClusterIP of the service that has `server` alone behind it
  std::string service6;   // its IPv6 one; "": it has none
  int node_port = 0;      // its NodePort
};

// Of cluster DNS.
struct DnsPlace {
  std::string service;         // its ClusterIP
  std::vector<PodPlace> pods;  // those that are ready
};

struct Place {
  std::string name_space = kNamespace;
  std::string run_id;
  std::vector<NodePlace> nodes;
  std::map<std::string, PodPlace> guards;  // for policies, by name: policies.h
  DnsPlace dns;
  std::string api_service;                            // ClusterIP of kubernetes.default
  std::map<std::string, std::string> settings;        // cilium-config; empty: no Cilium
  std::string world_name, other_name, world_address;  // beyond the cluster; "": none is declared
  std::string outside;     // the program that runs what follows it outside of the cluster; "": none is known
  bool has_envoy = false;  // it obeys rules for HTTP; those for names are the agent's own

  bool has_cilium() const { return !settings.empty(); }
  bool Setting(const std::string& name) const {
    const auto found = settings.find(name);
    return found != settings.end() && found->second == "true";
  }
};

}  // namespace tales::cilium::probe
