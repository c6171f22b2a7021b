// headway._core: the algorithms of cpp/ for numpy arrays. One entry per function, conversions only.
#include <nanobind/stl/optional.h>

#include <optional>

#include "arrays.hpp"
#include "search/binding.hpp"
#include "serving/binding.hpp"
#include "simulate/chip/binding.hpp"
#include "simulate/dispatch/binding.hpp"
#include "simulate/binding.hpp"
#include "solve/descendants.hpp"
#include "solve/generator_binding.hpp"
#include "solve/paths.hpp"

using namespace headway;
using namespace nb::literals;

NB_MODULE(_core, m) {
    m.doc() = "Native core of Headway: hot loops over flat arrays.";

    m.def(
        "longest_paths",
        [](InArray<Int> source, InArray<Int> target, InArray<Int> length,
           InArray<Int> floor) -> std::optional<OutArray> {
            std::optional<std::vector<Int>> values;
            {
                nb::gil_scoped_release unlocked;
                values = longest_paths({view(source), view(target), view(length)}, view(floor));
            }
            if (!values) {
                return std::nullopt;
            }
            return to_numpy(std::move(*values));
        },
        "source"_a, "target"_a, "length"_a, "floor"_a,
        "Smallest values above floor with value[target] >= value[source] + length, or None.");

    m.def(
        "descendant_sums",
        [](InArray<Int> source, InArray<Int> target, InArray<Int> weight) {
            std::vector<Int> sums;
            {
                nb::gil_scoped_release unlocked;
                sums = descendant_sums(view(source), view(target), view(weight));
            }
            return to_numpy(std::move(sums));
        },
        "source"_a, "target"_a, "weight"_a,
        "Total weight of the nodes that each node leads to; arcs that close a cycle are ignored.");

    bind_generator(m);
    bind_common(m);
    bind_flexible(m);
    bind_flow(m);
    bind_hybrid(m);
    bind_blocking(m);
    bind_job_shop(m);
    bind_max_lags(m);
    bind_project(m);
    bind_no_wait(m);
    bind_single(m);
    bind_shop(m);
    bind_chip(m);
    bind_dispatch(m);
    bind_score(m);
    bind_shop_world(m);
    bind_cluster(m);
    bind_servers(m);
    bind_cluster_nodes(m);
    bind_step_time(m);
    bind_engine(m);
    bind_fleet(m);
    bind_routing(m);
}
