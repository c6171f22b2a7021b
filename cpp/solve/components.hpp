// Strongly connected components.
#pragma once

#include <vector>

#include "base.hpp"

namespace headway {

// Component of each node, numbered from 0. The arcs of node v lead to
// arc_target[arc_ptr[v]] ... arc_target[arc_ptr[v + 1] - 1].
std::vector<Int> strong_components(Int n_nodes,
                                   const std::vector<std::size_t>& arc_ptr,
                                   const std::vector<Int>& arc_target);

}  // namespace headway
