#include "search/binding.hpp"

#include <nanobind/stl/function.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <stdexcept>
#include <tuple>

#include "search/job_shop/search.hpp"
#include "search/job_shop/neighbourhood.hpp"
#include "search/job_shop/orientation.hpp"
#include "search/job_shop/starts.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace search;
using namespace search::job_shop;

constexpr std::int32_t LONGEST_TENURE = 1'000'000;

using OutMove = std::tuple<Index, Index, bool, Time>;

// A linear order from Python; it must hold every task once, behind its predecessors.
std::vector<Index> checked_order(const Shop& shop, InArray<Int> given) {
    const auto n = static_cast<std::size_t>(shop.n_tasks());
    std::vector<bool> placed(n);
    std::vector<Index> order;
    order.reserve(n);
    for (const Int task : view(given)) {
        if (task < 0 || task >= static_cast<Int>(n) || placed[static_cast<std::size_t>(task)]) {
            throw std::invalid_argument("order: every task is to appear once");
        }
        for (const Link& link : shop.before(static_cast<Index>(task))) {
            if (!placed[static_cast<std::size_t>(link.task)]) {
                throw std::invalid_argument("order: a task stands before its predecessor");
            }
        }
        placed[static_cast<std::size_t>(task)] = true;
        order.push_back(static_cast<Index>(task));
    }
    if (order.size() != n) {
        throw std::invalid_argument("order: every task is to appear once");
    }
    return order;
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

// All moves of the neighbourhood on a critical path that the seed picks, with their estimates.
std::vector<OutMove> moves(const Orientation& orientation, std::uint64_t seed,
                           Neighbourhood neighbourhood) {
    Random random(seed);
    Orientation::Path path;
    orientation.trace(path, random);
    Block block(orientation.shop().crowd(), neighbourhood);
    std::vector<OutMove> found;
    for_each_block(orientation, path, block, [&](Block& b) {
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

std::uint64_t run(JobShopSearch& search, std::uint64_t seed, std::uint64_t iterations,
                  const StopFlag& stop,
                  const std::function<void(Time, OutArray)>& on_improvement) {
    const nb::gil_scoped_release unlocked;
    return search.run(seed, iterations, stop, [&](Time value, std::span<const Time> at) {
        const nb::gil_scoped_acquire locked;
        on_improvement(value, copied(at));
    });
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

    nb::class_<Orientation>(module, "Orientation", "Machine orders with heads and tails.")
        .def(nb::init<const Shop&>(), "shop"_a, nb::keep_alive<1, 2>())
        .def(
            "load",
            [](Orientation& self, InArray<Int> order) {
                self.load(checked_order(self.shop(), order));
            },
            "order"_a, "Take the machine orders from a linear order of all tasks.")
        .def("move", &move, "task"_a, "anchor"_a, "forward"_a,
             "Move a task to right behind another one of its machine, or to right before it.")
        .def("moves", &moves, "seed"_a, "neighbourhood"_a = Neighbourhood::N7,
             "Moves on one critical path: task, anchor, forward, estimate.")
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
            "head", [](const Orientation& self) { return field(self, &Node::head); },
            nb::rv_policy::move)
        .def_prop_ro(
            "tail", [](const Orientation& self) { return field(self, &Node::tail); },
            nb::rv_policy::move);

    nb::class_<JobShopSearch>(module, "JobShopSearch",
                              "Tabu search with path relinking; run() may be called by several "
                              "threads at once, which share their elite.")
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
        .def("run", &run, "seed"_a, "iterations"_a, "stop"_a, "on_improvement"_a,
             "One worker, until a limit or its stop flag; returns the number of moves made.")
        .def(
            "offer",
            [](JobShopSearch& self, InArray<Int> order) {
                self.elite().offer(checked_order(self.shop(), order));
            },
            "order"_a, "A linear order of all tasks to search from next.")
        .def(
            "raise_goal",
            [](JobShopSearch& self, Int goal) { self.incumbent().raise_goal(goal); }, "goal"_a,
            "A makespan that is good enough, as a lower bound is: workers stop there.");
}

}  // namespace headway
