// Longest paths in a graph of start/end relations.
#pragma once

#include <optional>
#include <vector>

#include "base.hpp"

namespace headway {

// Arcs source -> target of a given length, which may be negative.
struct Arcs {
    Ints source;
    Ints target;
    Ints length;
};

// Smallest values with value[v] >= floor[v] and value[target] >= value[source] + length for every
// arc; nothing if a cycle of positive length makes that impossible.
std::optional<std::vector<Int>> longest_paths(const Arcs& arcs, Ints floor);

// Arcs grouped by source: those of node v are order[ptr[v]] ... order[ptr[v + 1] - 1].
struct ArcsBySource {
    std::vector<std::size_t> ptr;
    std::vector<std::size_t> order;
};

// Throws std::invalid_argument or std::out_of_range if the arcs do not fit the nodes.
void check_arcs(Ints source, Ints target, std::size_t n_nodes);

ArcsBySource by_source(Ints source, std::size_t n_nodes);

// Nodes so that arcs point forward; nodes on cycles, and behind them, follow by position.
std::vector<std::size_t> forward_order(Ints target, const ArcsBySource& arcs, std::size_t n_nodes);

}  // namespace headway
