// Heads, tails and critical paths of a search's state, for Python.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "search/random.hpp"

namespace headway {

// One number of every task's node.
template <class Orientation, class Node, class Field>
OutArray field(const Orientation& orientation, Field Node::* member) {
    std::vector<Int> values;
    for (auto i = orientation.none() - orientation.none(); i < orientation.none(); ++i) {
        values.push_back(orientation.node(i).*member);
    }
    return to_numpy(std::move(values));
}

template <class Orientation>
typename Orientation::Path traced(const Orientation& orientation, search::Random& random) {
    typename Orientation::Path path;
    orientation.trace(path, random);
    return path;
}

template <class Node, class Orientation>
void bind_state(nb::class_<Orientation>& bound) {
    using namespace nb::literals;
    bound
        .def(
            "critical_path",
            [](const Orientation& self, std::uint64_t seed) {
                search::Random random(seed);
                return copied(traced(self, random).task);
            },
            "seed"_a, "The path whose moves `moves` returns for the same seed.")
        .def_prop_ro("makespan", &Orientation::makespan)
        .def_prop_ro(
            "order", [](const Orientation& self) { return copied(self.order()); },
            nb::rv_policy::move)
        .def_prop_ro(
            "head", [](const Orientation& self) { return field(self, &Node::head); },
            nb::rv_policy::move)
        .def_prop_ro(
            "tail", [](const Orientation& self) { return field(self, &Node::tail); },
            nb::rv_policy::move);
}

}  // namespace headway
