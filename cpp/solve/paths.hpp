// Longest paths in a graph of start/end relations.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace headway {

using Int = std::int64_t;
using Ints = std::span<const Int>;

// Arcs source -> target of a given length, which may be negative.
struct Arcs {
    Ints source;
    Ints target;
    Ints length;
};

// Smallest values with value[v] >= floor[v] and value[target] >= value[source] + length for every
// arc; nothing if a cycle of positive length makes that impossible.
std::optional<std::vector<Int>> longest_paths(const Arcs& arcs, Ints floor);

}  // namespace headway
