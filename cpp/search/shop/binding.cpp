#include "search/binding.hpp"

#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <stdexcept>
#include <tuple>

#include "model/problem_binding.hpp"
#include "search/shop/search.hpp"
#include "search/shop/tabu.hpp"
#include "search/worker_binding.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace search;
using namespace search::shop;

// Modes from Python, one of its own for every task, by position among all modes.
void check_modes(const Shop& shop, Ints start, Ints mode) {
    if (start.size() != mode.size() || mode.size() != static_cast<std::size_t>(shop.n_tasks())) {
        throw std::invalid_argument("expected one start and one mode for every task");
    }
    for (Index i = 0; i < shop.n_tasks(); ++i) {
        const Int first = shop.first_mode(i), given = mode[static_cast<std::size_t>(i)];
        if (given < first || given >= first + shop.n_modes(i)) {
            throw std::out_of_range("mode: the task has no such mode");
        }
    }
}

void load(State& state, InArray<Int> start, InArray<Int> mode) {
    check_modes(state.shop(), view(start), view(mode));
    const Solution solution = sorted_by(state.shop(), view(start), view(mode));
    state.load(solution.order, solution.choice);
}

Index checked_task(const State& state, Int task) {
    if (task < 0 || task >= state.shop().n_tasks()) {
        throw std::out_of_range("no such task");
    }
    return static_cast<Index>(task);
}

std::vector<Int> tails(const State& state, Index task) {
    const Time* tail = state.tail(checked_task(state, task));
    return {tail, tail + state.shop().n_groups()};
}

// The tasks on a machine in their order.
std::vector<Index> sequence(const State& state, Index machine) {
    if (machine < 0 || machine >= state.shop().n_machines()) {
        throw std::out_of_range("no such machine");
    }
    std::vector<Index> tasks;
    for (Index x = state.first(machine); x != state.shop().no_node(); x = state.right(x)) {
        tasks.push_back(state.shop().owner(x));
    }
    return tasks;
}

using OutShift = std::tuple<Index, Index, Index, bool, Time>;

// All shifts on the critical blocks of paths that the seed picks: machine, task, anchor, direction
// and expected value.
std::vector<OutShift> shifts(const State& state, std::uint64_t seed) {
    Random random(seed);
    Paths paths(state.shop());
    paths.trace(state, state.shop().n_groups(), random);
    Block block(state.shop());
    std::vector<OutShift> found;
    for_each_shift(state, paths, block, random, [&](const Shift& shift, auto&& estimate) {
        found.emplace_back(state.machine(shift.node), state.shop().owner(shift.node),
                           state.shop().owner(shift.anchor), shift.forward, estimate());
    });
    return found;
}

// Makes the k-th of the shifts that `shifts` returns for the same seed.
void shift(State& state, std::uint64_t seed, std::size_t k) {
    Random random(seed);
    Paths paths(state.shop());
    paths.trace(state, state.shop().n_groups(), random);
    Block block(state.shop());
    std::vector<Shift> found;
    for_each_shift(state, paths, block, random,
                   [&](const Shift& shift, auto&&) { found.push_back(shift); });
    state.apply(found.at(k));
}

// No choice, so that no place counts as the one where the task stood.
constexpr Index ABSENT_CHOICE = -1;

struct NothingForbidden {
    Index pair(Index, Index) const { return 0; }
    Index mode(Index) const { return 0; }
};

// All places for a task once it is lifted, each with its value.
std::vector<std::pair<Place, Time>> places(const State& state, Index task) {
    State lifted = state;
    lifted.lift(checked_task(state, task));
    Insertion insertion(state.shop());
    std::vector<std::pair<Place, Time>> found;
    insertion.visit(lifted, task, Origin{.choice = ABSENT_CHOICE, .left = {}}, NothingForbidden{},
                    [&](const Place& place, Time value, Index, bool) {
                        found.emplace_back(place, value);
                    });
    return found;
}

std::vector<std::tuple<Index, std::vector<Index>, Time>> insertions(const State& state,
                                                                    Index task) {
    std::vector<std::tuple<Index, std::vector<Index>, Time>> found;
    for (auto& [place, value] : places(state, task)) {
        std::vector<Index> left;
        for (const Index node : place.left) {
            left.push_back(node == state.shop().no_node() ? static_cast<Index>(ABSENT)
                                                          : state.shop().owner(node));
        }
        found.emplace_back(state.shop().first_mode(task) + place.choice, std::move(left), value);
    }
    return found;
}

// Puts tasks, one after another, where the value is least, if it is less than where they are;
// returns how many made it less.
std::size_t improve(State& state, InArray<Int> tasks) {
    std::vector<Index> chosen;
    for (const Int task : view(tasks)) {
        chosen.push_back(checked_task(state, task));
    }
    nb::gil_scoped_release unlocked;
    State lifted = state;
    Insertion insertion(state.shop());
    Place best;
    std::size_t moved = 0;
    for (const Index task : chosen) {
        const Time before = state.value();
        Time least = before;
        lifted = state;
        lifted.lift(task);
        insertion.visit(lifted, task, Origin{.choice = ABSENT_CHOICE, .left = {}},
                        NothingForbidden{}, [&](const Place& place, Time value, Index, bool) {
                            if (value < least) {
                                least = value;
                                best = place;
                            }
                        });
        if (least < before) {
            state.lift(task);
            state.insert(task, best.choice, best.left, best.behind);
            moved += state.value() < before ? 1 : 0;
        }
    }
    return moved;
}

// Takes the k-th of the places that `insertions` returns.
void insert(State& state, Index task, std::size_t k) {
    const Place place = places(state, task).at(k).first;
    state.lift(task);
    state.insert(task, place.choice, place.left, place.behind);
}

}  // namespace

void bind_shop(nb::module_& module) {
    nb::class_<Shop>(module, "Shop", "A problem of modes on machines, and what completion costs.")
        .def(
            "__init__",
            [](Shop* self, nb::object problem, InArray<Int> member_ptr, InArray<Int> member,
               InArray<Int> offset, InArray<Int> threshold, InArray<Int> slope, InArray<Int> jump,
               Int constant) {
                const BoundProblem bound = bind_problem(std::move(problem));
                new (self) Shop(bound.view, {view(member_ptr), view(member), view(offset),
                                             view(threshold), view(slope), view(jump), constant});
            },
            "problem"_a, "member_ptr"_a, "member"_a, "offset"_a, "threshold"_a, "slope"_a, "jump"_a,
            "constant"_a);

    nb::class_<State>(module, "ShopState", "Modes and machine orders with heads and tails.")
        .def(nb::init<const Shop&>(), "shop"_a, nb::keep_alive<1, 2>())
        .def("load", &load, "start"_a, "mode"_a,
             "Take modes, and machine orders by start, from a schedule.")
        .def("tails", &tails, "task"_a, "Longest paths to the completions of all groups.")
        .def("sequence", &sequence, "machine"_a, "The tasks on a machine.")
        .def("shifts", &shifts, "seed"_a,
             "Shifts on critical blocks: machine, task, anchor, forward, expected value.")
        .def("shift", &shift, "seed"_a, "k"_a, "Make the k-th of the shifts.")
        .def("insertions", &insertions, "task"_a,
             "Places for a task: mode, the task before it on each machine, value.")
        .def("insert", &insert, "task"_a, "k"_a, "Take the k-th of the places.")
        .def("improve", &improve, "tasks"_a,
             "Put tasks in turn where the value is least; returns how many made it less.")
        .def_prop_ro("value", &State::value)
        .def_prop_ro(
            "order", [](const State& self) { return copied(self.order()); }, nb::rv_policy::move)
        .def_prop_ro(
            "heads", [](const State& self) { return copied(self.heads()); }, nb::rv_policy::move)
        .def_prop_ro(
            "modes",
            [](const State& self) { return copied(modes_of(self.shop(), self.choices())); },
            nb::rv_policy::move);

    nb::class_<ShopSearch> native(module, "ShopSearch",
                                  "Tabu search with path relinking; run() may be called by "
                                  "several threads at once, which share their elite.");
    native
        .def(
            "__init__",
            [](ShopSearch* self, const Shop& shop, std::size_t population,
               std::uint64_t patience) {
                if (population < 2 || patience == 0) {
                    throw std::invalid_argument("ShopSearch: population from 2, patience from 1");
                }
                new (self) ShopSearch(shop, {population, patience});
            },
            "shop"_a, "population"_a, "patience"_a, nb::keep_alive<1, 2>())
        .def(
            "offer",
            [](ShopSearch& self, InArray<Int> start, InArray<Int> mode) {
                check_modes(self.shop(), view(start), view(mode));
                self.elite().offer(sorted_by(self.shop(), view(start), view(mode)));
            },
            "start"_a, "mode"_a, "Starts and modes of a schedule to search from next.");
    bind_worker(native,
                "One worker, until a limit or its stop flag; "
                "returns the number of moves made.");
}

}  // namespace headway
