#include "search/binding.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>

#include <optional>

#include "search/orders.hpp"
#include "search/single/decomposition.hpp"
#include "search/single/insertion.hpp"
#include "search/single/relaxation.hpp"
#include "search/single/search.hpp"
#include "search/single/subsets.hpp"
#include "search/worker_binding.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace search;
using namespace search::single;

using OutSequence = std::optional<std::pair<Int, OutArray>>;

std::vector<Index> jobs_in(const Line& line, InArray<Int> order) {
    return checked_order(view(order), line.size(), "order: every job is to appear once");
}

OutSequence to_python(std::optional<Sequence> sequence) {
    if (!sequence) {
        return std::nullopt;
    }
    return std::pair(sequence->value, to_numpy(std::move(sequence->order)));
}

}  // namespace

void bind_single(nb::module_& module) {
    module.def(
        "augmented",
        [](InArray<Int> work, InArray<Int> due, InArray<Int> order) {
            return to_numpy(augmented(view(work), view(due), view(order)));
        },
        "work"_a, "due"_a, "order"_a,
        "The order, built up job by job with the best move of one job to the end after each.");

    module.def(
        "insertion_descent",
        [](InArray<Int> work, InArray<Int> due, InArray<Int> order) {
            return to_numpy(insertion_descent(view(work), view(due), view(order)));
        },
        "work"_a, "due"_a, "order"_a,
        "The order after moving jobs to their best places until no move lowers total tardiness.");

    module.def(
        "least_total_tardiness",
        [](InArray<Int> work, InArray<Int> due, std::size_t states, const StopFlag& stop) {
            std::optional<Sequence> found;
            {
                const nb::gil_scoped_release unlocked;
                found = least_total_tardiness(view(work), view(due), states, stop);
            }
            return to_python(std::move(found));
        },
        "work"_a, "due"_a, "states"_a, "stop"_a,
        "The least total tardiness and an order that has it; None beyond so many subproblems.");

    nb::class_<Line>(module, "Line", "Jobs that wait for one machine, and what their ends cost.")
        .def(
            "__init__",
            [](Line* self, InArray<Int> work, InArray<Int> release, InArray<Int> due,
               InArray<Int> per_tick, InArray<Int> per_late, InArray<Int> if_late,
               InArray<Int> setup, Int makespan, Int max_lateness, Int max_tardiness,
               Int total_setup) {
                new (self) Line({view(work), view(release), view(due), view(per_tick),
                                 view(per_late), view(if_late), view(setup),
                                 {makespan, max_lateness, max_tardiness, total_setup}});
            },
            "work"_a, "release"_a, "due"_a, "per_tick"_a, "per_late"_a, "if_late"_a, "setup"_a,
            "makespan"_a, "max_lateness"_a, "max_tardiness"_a, "total_setup"_a)
        .def(
            "value",
            [](const Line& self, InArray<Int> order) {
                return self.value(jobs_in(self, order));
            },
            "order"_a, "What an order of all jobs costs.")
        .def(
            "best_by_subsets",
            [](const Line& self, const StopFlag& stop) {
                std::optional<Sequence> found;
                {
                    const nb::gil_scoped_release unlocked;
                    found = best_by_subsets(self, stop);
                }
                return to_python(std::move(found));
            },
            "stop"_a, "The least value and an order that has it, for at most 20 jobs.")
        .def(
            "relaxed",
            [](const Line& self, InArray<Int> order, std::uint64_t rounds, const StopFlag& stop)
                -> std::optional<Int> {
                if (!Relaxation::applies(self)) {
                    return std::nullopt;
                }
                const std::vector<Index> jobs = jobs_in(self, order);
                const nb::gil_scoped_release unlocked;
                return Relaxation(self, jobs).bound(rounds, stop);
            },
            "order"_a, "rounds"_a, "stop"_a,
            "A lower bound on the value, by prices that aim at that of the order; None if the line "
            "is not separable or too large.");

    nb::class_<SingleMachineSearch> native(module, "SingleMachineSearch",
                                           "Iterated local search; run() may be called by several"
                                           " threads at once, which share their best order.");
    native
        .def(nb::init<const Line&>(), "line"_a, nb::keep_alive<1, 2>())
        .def(
            "offer",
            [](SingleMachineSearch& self, InArray<Int> order) {
                self.offer(jobs_in(self.line(), order));
            },
            "order"_a, "An order of all jobs to search from next.")
        .def_prop_ro("bound", &SingleMachineSearch::bound,
                     "The best lower bound that a worker has proven so far.");
    bind_worker(native,
                "One worker, until a limit or its stop flag; "
                "returns the number of descents made.");
}

}  // namespace headway
