// Sums over everything that a node leads to.
#pragma once

#include <vector>

#include "base.hpp"

namespace headway {

// For each node, the total weight of the nodes it leads to, directly or not, itself left out. Arcs
// that close a cycle are ignored.
std::vector<Int> descendant_sums(Ints source, Ints target, Ints weight);

}  // namespace headway
