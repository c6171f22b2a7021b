#include "search/binding.hpp"

#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <stdexcept>
#include <tuple>

#include "search/job_shop/neighbourhood.hpp"
#include "search/job_shop/orientation.hpp"
#include "search/job_shop/search.hpp"
#include "search/job_shop/starts.hpp"
#include "search/orders.hpp"
#include "search/orientation_binding.hpp"
#include "search/worker_binding.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace search;
using namespace search::job_shop;

constexpr std::int32_t LONGEST_TENURE = 1'000'000;

using OutMove = std::tuple<Index, Index, bool, Time>;

// A linear order from Python; it must hold every task once, behind its predecessors.
std::vector<Index> tasks_in(const Shop& shop, InArray<Int> given) {
    std::vector<Index> order =
        checked_order(view(given), shop.n_tasks(), "order: every task is to appear once");
    require_behind(
        order, [&](Index task) { return shop.before(task); },
        "order: a task stands before its predecessor");
    return order;
}

// All moves of the neighbourhood on a critical path that the seed picks, with their estimates.
std::vector<OutMove> moves(const Orientation& orientation, std::uint64_t seed,
                           Neighbourhood neighbourhood) {
    Random random(seed);
    const Orientation::Path path = traced(orientation, random);
    Block block(orientation.shop().crowd(), neighbourhood);
    std::vector<OutMove> found;
    for_each_block(orientation, path, !orientation.shop().has_breaks(), block, [&](Block& b) {
        b.moves(orientation, [&](const Move& move, Index, Index, auto&& estimate) {
            found.emplace_back(move.task, move.anchor, move.forward, estimate(FOREVER));
        });
    });
    return found;
}

void move(Orientation& orientation, Index task, Index anchor, bool forward) {
    const Index n = orientation.none();
    if (task < 0 || task >= n || anchor < 0 || anchor >= n) {
        throw std::out_of_range("move: no such task");
    }
    Index x = task;
    do {
        x = forward ? orientation.node(x).right : orientation.node(x).left;
    } while (x != anchor && x != n);
    const Index left = forward ? task : anchor, right = forward ? anchor : task;
    const bool swap = orientation.node(left).right == right;
    const bool safe = ((forward || swap) && orientation.may_follow(left, right)) ||
                      ((!forward || swap) && orientation.may_precede(right, left));
    if (x != anchor || !safe) {
        throw std::invalid_argument("move: the anchor is elsewhere, or the move closes a cycle");
    }
    orientation.apply({task, anchor, forward});
}

}  // namespace

void bind_job_shop(nb::module_& module) {
    nb::enum_<Neighbourhood>(module, "Neighbourhood", "Which moves of critical tasks are tried.")
        .value("N6", Neighbourhood::N6)
        .value("N7", Neighbourhood::N7)
        .value("N8", Neighbourhood::N8);

    nb::class_<Shop>(module, "JobShop", "Tasks on one machine each, with minimum lags.")
        .def(
            "__init__",
            [](Shop* self, InArray<Int> machine, InArray<Int> duration, InArray<Int> release,
               InArray<bool> pauses, InArray<Int> before, InArray<Int> after, InArray<Int> lag,
               InArray<bool> from_end, InArray<Int> break_machine, InArray<Int> break_start,
               InArray<Int> break_end) {
                new (self) Shop({view(machine), view(duration), view(release), view(pauses),
                                 view(before), view(after), view(lag), view(from_end),
                                 view(break_machine), view(break_start), view(break_end)});
            },
            "machine"_a, "duration"_a, "release"_a, "pauses"_a, "before"_a, "after"_a, "lag"_a,
            "from_end"_a, "break_machine"_a, "break_start"_a, "break_end"_a);

    nb::class_<Orientation> state(module, "Orientation", "Machine orders with heads and tails.");
    state
        .def(nb::init<const Shop&>(), "shop"_a, nb::keep_alive<1, 2>())
        .def(
            "load",
            [](Orientation& self, InArray<Int> order) {
                self.load(tasks_in(self.shop(), order));
            },
            "order"_a, "Take the machine orders from a linear order of all tasks.")
        .def("move", &move, "task"_a, "anchor"_a, "forward"_a,
             "Move a task to right behind another one of its machine, or to right before it.")
        .def("moves", &moves, "seed"_a, "neighbourhood"_a = Neighbourhood::N7,
             "Moves on one critical path: task, anchor, forward, estimate.");
    bind_state<Node>(state);

    nb::class_<JobShopSearch> native(module, "JobShopSearch",
                                     "Tabu search with path relinking; run() may be called by "
                                     "several threads at once, which share their elite.");
    native
        .def(
            "__init__",
            [](JobShopSearch* self, const Shop& shop, std::size_t population,
               std::uint64_t patience, Neighbourhood neighbourhood, std::int32_t tenure) {
                if (population < 2 || patience == 0) {
                    throw std::invalid_argument("JobShopSearch: population from 2, patience from 1");
                }
                if (tenure < 0 || tenure > LONGEST_TENURE) {
                    throw std::invalid_argument("JobShopSearch: tenure from 0 to a million");
                }
                new (self) JobShopSearch(shop, {population, patience, neighbourhood, tenure});
            },
            "shop"_a, "population"_a, "patience"_a, "neighbourhood"_a, "tenure"_a,
            nb::keep_alive<1, 2>())
        .def(
            "offer",
            [](JobShopSearch& self, InArray<Int> order) {
                Plan plan;
                plan.order = tasks_in(self.shop(), order);
                self.elite().offer(std::move(plan));
            },
            "order"_a, "A linear order of all tasks to search from next.");
    bind_worker(native,
                "One worker, until a limit or its stop flag; "
                "returns the number of moves made.");
}

}  // namespace headway
