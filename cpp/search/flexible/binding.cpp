#include "search/binding.hpp"

#include <nanobind/stl/function.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <limits>
#include <stdexcept>
#include <tuple>

#include "search/flexible/neighbourhood.hpp"
#include "search/flexible/orientation.hpp"
#include "search/flexible/search.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace search;
using namespace search::flexible;

using OutMove = std::tuple<Index, Index, Index, Index, Time>;

// A plan from Python: every task once, behind its predecessors, and in one of its own modes.
Plan checked_plan(const Shop& shop, InArray<Int> order, InArray<Int> mode) {
    const auto n = static_cast<std::size_t>(shop.n_tasks());
    if (order.size() != n || mode.size() != n) {
        throw std::invalid_argument("plan: every task is to appear once, with its mode");
    }
    Plan plan;
    std::vector<bool> placed(n);
    for (const Int task : view(order)) {
        if (task < 0 || task >= static_cast<Int>(n) || placed[static_cast<std::size_t>(task)]) {
            throw std::invalid_argument("plan: every task is to appear once, with its mode");
        }
        for (const Link& link : shop.before(static_cast<Index>(task))) {
            if (!placed[static_cast<std::size_t>(link.task)]) {
                throw std::invalid_argument("plan: a task stands before its predecessor");
            }
        }
        placed[static_cast<std::size_t>(task)] = true;
        plan.order.push_back(static_cast<Index>(task));
    }
    for (Index i = 0; i < shop.n_tasks(); ++i) {
        const Int chosen = mode.data()[i];
        if (chosen < shop.first_mode(i) || chosen >= shop.end_mode(i)) {
            throw std::invalid_argument("plan: a mode belongs to another task");
        }
        plan.mode.push_back(static_cast<Index>(chosen));
    }
    return plan;
}

template <class T>
OutArray copied(std::span<const T> values) {
    return to_numpy(std::vector<Int>(values.begin(), values.end()));
}

template <class Field>
OutArray field(const Orientation& orientation, Field Node::* member) {
    std::vector<Int> values;
    for (Index i = 0; i < orientation.none(); ++i) {
        values.push_back(orientation.node(i).*member);
    }
    return to_numpy(std::move(values));
}

Index position(Index task, Index none) { return task == none ? ABSENT : task; }

// All moves of the neighbourhood on a critical path that the seed picks: task, mode, neighbours
// (ABSENT for none), and estimate.
std::vector<OutMove> moves(const Orientation& orientation, std::uint64_t seed) {
    Random random(seed);
    Orientation::Path path;
    orientation.trace(path, random);
    Block block(orientation.none());
    std::vector<OutMove> found;
    visit_moves(orientation, path, block, FOREVER, random, [&](const Move& move, Time value) {
        const Index none = orientation.none();
        found.emplace_back(move.task, move.mode, position(move.left, none),
                           position(move.right, none), value);
    });
    return found;
}

void move(Orientation& orientation, Index task, Index mode, Index left) {
    const Index none = orientation.none();
    const Shop& shop = orientation.shop();
    if (task < 0 || task >= none || left < ABSENT || left >= none || left == task) {
        throw std::out_of_range("move: no such task");
    }
    if (mode < shop.first_mode(task) || mode >= shop.end_mode(task)) {
        throw std::invalid_argument("move: the mode belongs to another task");
    }
    const Index machine = shop.mode(mode).machine;
    Move made{task, mode, left == ABSENT ? none : left, none};
    if (made.left != none && (machine < 0 || orientation.node(made.left).machine != machine)) {
        throw std::invalid_argument("move: the task to stand behind is elsewhere");
    }
    if (machine >= 0) {
        const auto row = orientation.row(machine);
        made.right = made.left != none ? orientation.node(made.left).right
                     : row.empty()     ? none
                                       : row.front();
        made.right = made.right == task ? orientation.node(task).right : made.right;
    }
    if (!orientation.may_stand(task, made.left, made.right)) {
        throw std::invalid_argument("move: it closes a cycle");
    }
    orientation.apply(made);
}

std::uint64_t run(FlexibleSearch& search, std::uint64_t seed, std::uint64_t iterations,
                  const StopFlag& stop,
                  const std::function<void(Time, OutArray, OutArray)>& on_improvement) {
    const nb::gil_scoped_release unlocked;
    return search.run(seed, iterations, stop,
                      [&](Time value, std::span<const Time> start, std::span<const Index> mode) {
                          const nb::gil_scoped_acquire locked;
                          on_improvement(value, copied(start), copied(mode));
                      });
}

void bind_orientation(nb::module_& module) {
    nb::class_<Orientation>(module, "FlexibleOrientation",
                            "Modes and machine orders with heads and tails.")
        .def(nb::init<const Shop&>(), "shop"_a, nb::keep_alive<1, 2>())
        .def(
            "load",
            [](Orientation& self, InArray<Int> order, InArray<Int> mode) {
                self.load(checked_plan(self.shop(), order, mode));
            },
            "order"_a, "mode"_a,
            "Take modes, and the machine orders from a linear order of all tasks.")
        .def("moves", &moves, "seed"_a,
             "Moves on one critical path: task, mode, left and right neighbour, estimate.")
        .def("move", &move, "task"_a, "mode"_a, "left"_a,
             "Move a task behind another one, or to the beginning, on the machine of a mode.")
        .def(
            "critical_path",
            [](const Orientation& self, std::uint64_t seed) {
                Random random(seed);
                Orientation::Path path;
                self.trace(path, random);
                return copied(std::span<const Index>(path.task));
            },
            "seed"_a, "The path whose moves `moves` returns for the same seed.")
        .def_prop_ro("makespan", &Orientation::makespan)
        .def_prop_ro(
            "order", [](const Orientation& self) { return copied(self.order()); },
            nb::rv_policy::move)
        .def_prop_ro(
            "mode", [](const Orientation& self) { return field(self, &Node::mode); },
            nb::rv_policy::move)
        .def_prop_ro(
            "head", [](const Orientation& self) { return field(self, &Node::head); },
            nb::rv_policy::move)
        .def_prop_ro(
            "tail", [](const Orientation& self) { return field(self, &Node::tail); },
            nb::rv_policy::move);
}

}  // namespace

void bind_flexible(nb::module_& module) {
    nb::class_<Shop>(module, "FlexibleShop",
                     "Tasks with modes on one machine each, and minimum lags between them.")
        .def(
            "__init__",
            [](Shop* self, InArray<Int> mode_ptr, InArray<Int> machine, InArray<Int> duration,
               InArray<Int> release, InArray<Int> before, InArray<Int> after, InArray<Int> lag,
               InArray<bool> from_end) {
                new (self) Shop({view(mode_ptr), view(machine), view(duration), view(release),
                                 view(before), view(after), view(lag), view(from_end)});
            },
            "mode_ptr"_a, "machine"_a, "duration"_a, "release"_a, "before"_a, "after"_a, "lag"_a,
            "from_end"_a);

    bind_orientation(module);

    nb::class_<FlexibleSearch>(module, "FlexibleSearch",
                               "Tabu search with path relinking; run() may be called by several "
                               "threads at once, which share their elite.")
        .def(
            "__init__",
            [](FlexibleSearch* self, const Shop& shop, std::size_t population,
               std::uint64_t patience) {
                if (population < 2 || patience == 0) {
                    throw std::invalid_argument(
                        "FlexibleSearch: population from 2, patience from 1");
                }
                new (self) FlexibleSearch(shop, {population, patience});
            },
            "shop"_a, "population"_a, "patience"_a, nb::keep_alive<1, 2>())
        .def("run", &run, "seed"_a, "iterations"_a, "stop"_a, "on_improvement"_a,
             "One worker, until a limit or its stop flag; returns the number of moves made.")
        .def(
            "offer",
            [](FlexibleSearch& self, InArray<Int> order, InArray<Int> mode) {
                self.elite().offer(checked_plan(self.shop(), order, mode));
            },
            "order"_a, "mode"_a, "A linear order of all tasks, and their modes, to search from next.")
        .def(
            "raise_goal",
            [](FlexibleSearch& self, Int goal) { self.incumbent().raise_goal(goal); }, "goal"_a,
            "A makespan that is good enough, as a lower bound is: workers stop there.");
}

}  // namespace headway
