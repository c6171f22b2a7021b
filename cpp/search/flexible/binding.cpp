#include "search/binding.hpp"

#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <stdexcept>
#include <tuple>

#include "search/flexible/neighbourhood.hpp"
#include "search/flexible/orientation.hpp"
#include "search/flexible/search.hpp"
#include "search/orders.hpp"
#include "search/orientation_binding.hpp"
#include "search/worker_binding.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace search;
using namespace search::flexible;

using OutMove = std::tuple<Index, Index, Index, Index, Time>;

// A plan from Python: every task once, behind its predecessors, and in one of its own modes.
Plan checked_plan(const Shop& shop, InArray<Int> order, InArray<Int> mode) {
    constexpr auto INCOMPLETE = "plan: every task is to appear once, with its mode";
    if (mode.size() != static_cast<std::size_t>(shop.n_tasks())) {
        throw std::invalid_argument(INCOMPLETE);
    }
    Plan plan;
    plan.order = checked_order(view(order), shop.n_tasks(), INCOMPLETE);
    require_behind(
        plan.order, [&](Index task) { return shop.before(task); },
        "plan: a task stands before its predecessor");
    for (Index i = 0; i < shop.n_tasks(); ++i) {
        const Int chosen = mode.data()[i];
        if (chosen < shop.first_mode(i) || chosen >= shop.end_mode(i)) {
            throw std::invalid_argument("plan: a mode belongs to another task");
        }
        plan.mode.push_back(static_cast<Index>(chosen));
    }
    return plan;
}

Index position(Index task, Index none) { return task == none ? ABSENT : task; }

// All moves of the neighbourhood on a critical path that the seed picks: task, mode, neighbours
// (ABSENT for none), and estimate.
std::vector<OutMove> moves(const Orientation& orientation, std::uint64_t seed) {
    Random random(seed);
    const Orientation::Path path = traced(orientation, random);
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

void bind_orientation(nb::module_& module) {
    nb::class_<Orientation> state(module, "FlexibleOrientation",
                                  "Modes and machine orders with heads and tails.");
    state
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
        .def_prop_ro(
            "mode", [](const Orientation& self) { return field(self, &Node::mode); },
            nb::rv_policy::move);
    bind_state<Node>(state);
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

    nb::class_<FlexibleSearch> native(module, "FlexibleSearch",
                                      "Tabu search with path relinking; run() may be called by "
                                      "several threads at once, which share their elite.");
    native
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
        .def(
            "offer",
            [](FlexibleSearch& self, InArray<Int> order, InArray<Int> mode) {
                self.elite().offer(checked_plan(self.shop(), order, mode));
            },
            "order"_a, "mode"_a,
            "A linear order of all tasks, and their modes, to search from next.");
    bind_worker(native,
                "One worker, until a limit or its stop flag; "
                "returns the number of moves made.");
}

}  // namespace headway
