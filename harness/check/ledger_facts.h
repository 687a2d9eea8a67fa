// What a ledger is measured against, asked of the cluster itself.
#pragma once

#include <string>

#include "harness/check/cluster.h"
#include "harness/check/facts.h"
#include "harness/check/ledger.h"

namespace tales {

// Why an ordinary pod cannot be put on the node ("is cordoned", "has the taint KEY:NoSchedule"); "" where it can.
std::string WhyUnschedulable(const kube::Json& node);

// "quay.io/cilium/cilium:v1.17.1@sha256:..." -> "v1.17.1"; "" where the image has no tag.
std::string ImageTag(std::string_view image);

// The versions and nodes that are found; what cannot be had is not known, and nothing expires by it. Shared like all
// facts.
LedgerFacts FindLedgerFacts(const Cluster& cluster, Facts& facts);

}  // namespace tales
