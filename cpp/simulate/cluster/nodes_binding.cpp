#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>

#include <optional>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include "simulate/binding.hpp"
#include "simulate/cluster/nodes.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace simulate;

// Places one task after another; node, GPUs, free and fragments after each. Node -1: no room.
std::tuple<OutArray, OutArray, OutArray, OutArray> fill(Cluster& cluster, InArray<Int> kinds) {
    std::vector<Int> node, gpus, free, fragments;
    {
        const nb::gil_scoped_release unlocked;
        for (const Int kind : view(kinds)) {
            const auto place = cluster.place(kind);
            node.push_back(place ? place->node : ABSENT);
            gpus.push_back(place ? place->gpus : 0);
            free.push_back(cluster.free());
            fragments.push_back(cluster.fragments());
        }
    }
    return {to_numpy(std::move(node)), to_numpy(std::move(gpus)), to_numpy(std::move(free)),
            to_numpy(std::move(fragments))};
}

}  // namespace

void bind_cluster_nodes(nb::module_& module) {
    nb::class_<Cluster>(module, "ClusterNodes", "Nodes on which tasks of some kinds are placed.")
        .def(
            "__init__",
            [](Cluster* self, InArray<Int> cpu, InArray<Int> memory, InArray<Int> gpus,
               InArray<Int> model, InArray<Int> kind_cpu, InArray<Int> kind_memory,
               InArray<Int> kind_gpus, InArray<Int> kind_share, InArray<Int> kind_accepts,
               InArray<Int> kind_weight, Int choice, std::uint64_t seed) {
                if (choice < 0 || choice > static_cast<Int>(Choice::RANDOM)) {
                    throw std::invalid_argument("cluster: no such choice");
                }
                new (self) Cluster({view(cpu), view(memory), view(gpus), view(model)},
                                   {view(kind_cpu), view(kind_memory), view(kind_gpus),
                                    view(kind_share), view(kind_accepts), view(kind_weight)},
                                   static_cast<Choice>(choice), seed);
            },
            "cpu"_a, "memory"_a, "gpus"_a, "model"_a, "kind_cpu"_a, "kind_memory"_a,
            "kind_gpus"_a, "kind_share"_a, "kind_accepts"_a, "kind_weight"_a, "choice"_a, "seed"_a)
        .def(
            "place",
            [](Cluster& self, Int kind) -> std::optional<std::pair<Int, Int>> {
                const auto place = self.place(kind);
                if (!place) {
                    return std::nullopt;
                }
                return std::pair(place->node, place->gpus);
            },
            "kind"_a, "Node and GPUs, a bit each; None without room.")
        .def(
            "release",
            [](Cluster& self, Int kind, Int node, Int gpus) {
                self.release(kind, {node, gpus});
            },
            "kind"_a, "node"_a, "gpus"_a)
        .def("fill", &fill, "kinds"_a,
             "Node, GPUs, free thousandths and fragments after each of the tasks.")
        .def_prop_ro("free", &Cluster::free)
        .def_prop_ro("fragments", &Cluster::fragments);
}

}  // namespace headway
