#include "search/binding.hpp"

#include <nanobind/stl/optional.h>

#include <optional>
#include <stdexcept>
#include <vector>

#include "search/max_lags/decoder.hpp"
#include "search/max_lags/search.hpp"
#include "search/orders.hpp"
#include "search/worker_binding.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace search;
using namespace search::max_lags;

// A plan from Python, every task in its only mode.
Plan checked_plan(const LagProject& project, Ints start) {
    if (start.size() != static_cast<std::size_t>(project.n_tasks())) {
        throw std::invalid_argument("plan: one start per task is needed");
    }
    Plan plan;
    for (Index i = 0; i < project.n_tasks(); ++i) {
        const Int time = start[static_cast<std::size_t>(i)];
        if (time < 0 || time > LONGEST) {
            throw std::invalid_argument("plan: a start is out of range");
        }
        plan.start.push_back(static_cast<Time>(time));
        plan.mode.push_back(i);
    }
    return plan;
}

// The starts that one pass gives; backwards in time if there is an instant to turn at.
std::optional<OutArray> generated(const LagProject& project, InArray<Int> order,
                                  std::optional<Int> turn) {
    const std::vector<Index> list = checked_order(
        view(order), project.n_tasks(), "order: every task is to appear once");
    if (turn && (*turn < 0 || *turn > LONGEST)) {
        throw std::invalid_argument("turn: it is out of range");
    }
    Plan plan = checked_plan(project, std::vector<Int>(list.size()));
    const StopFlag stop;
    Decoder decoder(project, stop);
    if (turn ? !decoder.backward(list, static_cast<Time>(*turn), plan)
             : !decoder.forward(list, plan)) {
        return std::nullopt;
    }
    return copied(plan.start);
}

}  // namespace

void bind_max_lags(nb::module_& module) {
    nb::class_<LagProject>(module, "LagProject",
                           "Tasks with shared resources, minimum and maximum lags.")
        .def(
            "__init__",
            [](LagProject* self, InArray<Int> duration, InArray<Int> release,
               InArray<Int> need_ptr, InArray<Int> need_resource, InArray<Int> need_amount,
               InArray<Int> step_ptr, InArray<Int> step_time, InArray<Int> step_capacity,
               InArray<Int> before, InArray<Int> after, InArray<Int> lag) {
                const nb::gil_scoped_release unlocked;
                new (self) LagProject({view(duration), view(release), view(need_ptr),
                                       view(need_resource), view(need_amount), view(step_ptr),
                                       view(step_time), view(step_capacity), view(before),
                                       view(after), view(lag)});
            },
            "duration"_a, "release"_a, "need_ptr"_a, "need_resource"_a, "need_amount"_a,
            "step_ptr"_a, "step_time"_a, "step_capacity"_a, "before"_a, "after"_a, "lag"_a);

    module.def("generate_with_lags", &generated, "project"_a, "order"_a, "turn"_a = nb::none(),
               "Starts of one serial pass through a list, backwards from `turn` if it is given; "
               "None if a task finds no place.");

    nb::class_<LagSearch> native(module, "LagSearch",
                                 "Evolution of activity lists; run() may be called by several "
                                 "threads at once, which share a population.");
    native
        .def(
            "__init__",
            [](LagSearch* self, const LagProject& project, std::size_t population,
               std::uint64_t patience) {
                if (population < 2 || population > 1'000'000 || patience == 0 ||
                    patience > 1'000'000'000) {
                    throw std::invalid_argument("LagSearch: population from 2, patience from 1");
                }
                new (self) LagSearch(project, population, patience);
            },
            "project"_a, "population"_a, "patience"_a, nb::keep_alive<1, 2>())
        .def(
            "offer",
            [](LagSearch& self, InArray<Int> start) {
                self.population().offer(checked_plan(self.project(), view(start)));
            },
            "start"_a, "Starts of a schedule to search from next.");
    bind_worker(native,
                "One worker, until a limit or its stop flag; "
                "returns the number of schedules made.");
}

}  // namespace headway
