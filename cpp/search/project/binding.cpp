#include "search/binding.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>

#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "search/orders.hpp"
#include "search/project/search.hpp"
#include "search/worker_binding.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace search;
using namespace search::project;

// A plan from Python; its starts need not be possible, but its modes must be those of its tasks.
Plan checked_plan(const Project& project, Ints start, Ints mode) {
    const auto n = static_cast<std::size_t>(project.n_tasks());
    if (start.size() != n || mode.size() != n) {
        throw std::invalid_argument("plan: one start and one mode per task are needed");
    }
    Plan plan;
    for (std::size_t i = 0; i < n; ++i) {
        const auto task = static_cast<Index>(i);
        if (start[i] < 0 || start[i] > LONGEST) {
            throw std::invalid_argument("plan: a start is out of range");
        }
        if (mode[i] < project.first_mode(task) || mode[i] >= project.end_mode(task)) {
            throw std::invalid_argument("plan: a mode is not one of its task");
        }
        plan.start.push_back(static_cast<Time>(start[i]));
        plan.mode.push_back(static_cast<Index>(mode[i]));
    }
    return plan;
}

// A list of all tasks from Python, each behind what it waits for in that network.
std::vector<Index> checked_list(const Network& network, Index n, Ints given) {
    std::vector<Index> order = checked_order(given, n, "order: every task is to appear once");
    require_behind(
        order, [&](Index task) { return network[task]; },
        "order: a task stands before one that it waits for");
    return order;
}

// The starts and modes that one pass gives; backwards in time if there is an instant to turn at.
std::optional<std::pair<OutArray, OutArray>> generated(const Project& project,
                                                       InArray<Int> order, InArray<Int> mode,
                                                       bool choose, std::optional<Int> turn) {
    const Network& network = turn ? project.backward() : project.forward();
    const std::vector<Index> list = checked_list(network, project.n_tasks(), view(order));
    Plan plan = checked_plan(project, std::vector<Int>(list.size()), view(mode));
    if (turn && (*turn < 0 || *turn > LONGEST)) {
        throw std::invalid_argument("turn: it is out of range");
    }
    const StopFlag stop;
    const auto decoder = Decoder::make(project, stop);
    if (turn ? !decoder->backward(list, choose, static_cast<Time>(*turn), plan)
             : !decoder->forward(list, choose, plan)) {
        return std::nullopt;
    }
    return std::pair{copied(plan.start), copied(plan.mode)};
}

}  // namespace

void bind_project(nb::module_& module) {
    nb::class_<Project>(module, "Project", "Tasks with modes, shared resources and minimum lags.")
        .def(
            "__init__",
            [](Project* self, InArray<Int> mode_ptr, InArray<Int> duration, InArray<Int> release,
               InArray<Int> need_ptr, InArray<Int> need_resource, InArray<Int> need_amount,
               InArray<Int> spend_ptr, InArray<Int> spend_budget, InArray<Int> spend_amount,
               InArray<Int> budget, InArray<Int> step_ptr, InArray<Int> step_time,
               InArray<Int> step_capacity, InArray<Int> before, InArray<Int> after,
               InArray<Int> lag, InArray<bool> from_end, InArray<bool> to_end) {
                new (self) Project({view(mode_ptr), view(duration), view(release), view(need_ptr),
                                    view(need_resource), view(need_amount), view(spend_ptr),
                                    view(spend_budget), view(spend_amount), view(budget),
                                    view(step_ptr), view(step_time), view(step_capacity),
                                    view(before), view(after), view(lag), view(from_end),
                                    view(to_end)});
            },
            "mode_ptr"_a, "duration"_a, "release"_a, "need_ptr"_a, "need_resource"_a,
            "need_amount"_a, "spend_ptr"_a, "spend_budget"_a, "spend_amount"_a, "budget"_a,
            "step_ptr"_a, "step_time"_a, "step_capacity"_a, "before"_a, "after"_a, "lag"_a,
            "from_end"_a, "to_end"_a);

    module.def("generate_project", &generated, "project"_a, "order"_a, "mode"_a, "choose"_a,
               "turn"_a = nb::none(),
               "Starts and modes of one serial pass through a list, backwards from `turn` if it is "
               "given; None if a task finds no place.");

    nb::class_<ProjectSearch> native(module, "ProjectSearch",
                                     "Evolution of activity lists; run() may be called by several"
                                     " threads at once, which share a population.");
    native
        .def(
            "__init__",
            [](ProjectSearch* self, const Project& project, std::size_t population,
               std::uint64_t patience) {
                if (population < 2 || population > 1'000'000 || patience == 0 ||
                    patience > 1'000'000'000) {
                    throw std::invalid_argument(
                        "ProjectSearch: population from 2, patience from 1");
                }
                new (self) ProjectSearch(project, {population, patience});
            },
            "project"_a, "population"_a, "patience"_a, nb::keep_alive<1, 2>())
        .def(
            "offer",
            [](ProjectSearch& self, InArray<Int> start, InArray<Int> mode) {
                self.population().offer(checked_plan(self.project(), view(start), view(mode)));
            },
            "start"_a, "mode"_a, "Starts and modes to search from next.");
    bind_worker(native,
                "One worker, until a limit or its stop flag; "
                "returns the number of schedules made.");
}

}  // namespace headway
