#include "search/binding.hpp"

#include <nanobind/stl/function.h>

#include <stdexcept>

#include "search/hybrid/search.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace search;
using namespace search::hybrid;

std::vector<Index> checked_order(const Shop& shop, InArray<Int> given) {
    std::vector<bool> seen(static_cast<std::size_t>(shop.n_jobs()));
    std::vector<Index> order;
    for (const Int job : view(given)) {
        if (job < 0 || job >= shop.n_jobs() || seen[static_cast<std::size_t>(job)]) {
            throw std::invalid_argument("order: a job that is not there, or that appears twice");
        }
        seen[static_cast<std::size_t>(job)] = true;
        order.push_back(static_cast<Index>(job));
    }
    if (order.size() != seen.size()) {
        throw std::invalid_argument("order: every job is to appear once");
    }
    return order;
}

template <class T>
OutArray copied(const std::vector<T>& values) {
    return to_numpy(std::vector<Int>(values.begin(), values.end()));
}

std::uint64_t run(HybridSearch& search, std::uint64_t seed, std::uint64_t moves,
                  const StopFlag& stop,
                  const std::function<void(Int, OutArray, OutArray)>& on_improvement) {
    const nb::gil_scoped_release unlocked;
    return search.run(seed, moves, stop, [&](Int value, const Assignment& found) {
        const nb::gil_scoped_acquire locked;
        on_improvement(value, copied(found.start), copied(found.machine));
    });
}

}  // namespace

void bind_hybrid(nb::module_& module) {
    nb::class_<Shop>(module, "HybridShop", "Jobs that visit stages of machines side by side.")
        .def(
            "__init__",
            [](Shop* self, InArray<Int> stage_ptr, InArray<Int> duration, InArray<Int> release,
               InArray<Int> due, InArray<Int> weight, Int aim, Int floor) {
                new (self) Shop({view(stage_ptr), view(duration), view(release), view(due),
                                 view(weight), aim, floor});
            },
            "stage_ptr"_a, "duration"_a, "release"_a, "due"_a, "weight"_a, "aim"_a, "floor"_a)
        .def(
            "value",
            [](const Shop& self, InArray<Int> order) {
                return Decoder(self).value(checked_order(self, order),
                                           std::numeric_limits<Int>::max());
            },
            "order"_a, "What the schedule costs in which jobs enter the first stage in an order.")
        .def(
            "schedule",
            [](const Shop& self, InArray<Int> order) {
                Assignment result;
                Decoder(self).schedule(checked_order(self, order), result);
                return nb::make_tuple(copied(result.start), copied(result.machine));
            },
            "order"_a, "That schedule: starts and machines, a row of stages per job.");

    nb::class_<HybridSearch>(module, "HybridSearch",
                             "Annealing on orders of jobs; run() may be called by several threads "
                             "at once, which share their best order.")
        .def(
            "__init__",
            [](HybridSearch* self, const Shop& shop, Int temperature, std::uint64_t cycle) {
                if (temperature < 0 || temperature > 1'000'000 || cycle == 0 ||
                    cycle > (std::uint64_t{1} << 40)) {
                    throw std::invalid_argument("HybridSearch: temperature from 0, cycle from 1");
                }
                new (self) HybridSearch(shop, {temperature, cycle});
            },
            "shop"_a, "temperature"_a, "cycle"_a, nb::keep_alive<1, 2>())
        .def("run", &run, "seed"_a, "iterations"_a, "stop"_a, "on_improvement"_a,
             "One worker, until a limit or its stop flag; returns the number of orders tried.")
        .def(
            "offer",
            [](HybridSearch& self, InArray<Int> order) {
                self.pool().offer(checked_order(self.shop(), order));
            },
            "order"_a, "An order of all jobs to search from next.")
        .def(
            "raise_goal",
            [](HybridSearch& self, Int goal) { self.incumbent().raise_goal(goal); }, "goal"_a,
            "A value that is good enough, as a lower bound is: workers stop there.");
}

}  // namespace headway
