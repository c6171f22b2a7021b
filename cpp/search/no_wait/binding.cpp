#include "search/binding.hpp"

#include <nanobind/stl/function.h>

#include <algorithm>
#include <stdexcept>

#include "search/no_wait/search.hpp"
#include "search/no_wait/timetable.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace search;
using namespace search::no_wait;

OutArray copied(std::span<const Time> values) {
    return to_numpy(std::vector<Int>(values.begin(), values.end()));
}

std::vector<Time> checked_starts(const Shop& shop, InArray<Int> given) {
    const auto start = view(given);
    if (start.size() != static_cast<std::size_t>(shop.n_items())) {
        throw std::invalid_argument("start: one number per item is expected");
    }
    if (std::ranges::any_of(start, [](Int s) { return s < 0 || s >= (Int{1} << 60); })) {
        throw std::invalid_argument("start: times are to be from 0 up to 2^60");
    }
    return {start.begin(), start.end()};
}

// Earliest starts of all items that are placed in an order, and the value.
nb::tuple place(const Shop& shop, InArray<Int> given) {
    std::vector<Index> order;
    std::vector<bool> placed(static_cast<std::size_t>(shop.n_items()));
    for (const Int item : view(given)) {
        if (item < 0 || item >= shop.n_items() || placed[static_cast<std::size_t>(item)]) {
            throw std::invalid_argument("order: every item is to appear once");
        }
        placed[static_cast<std::size_t>(item)] = true;
        order.push_back(static_cast<Index>(item));
    }
    if (order.size() != placed.size()) {
        throw std::invalid_argument("order: every item is to appear once");
    }
    Timetable table(shop);
    table.load(order);
    return nb::make_tuple(copied(table.start()), table.value());
}

std::uint64_t run(NoWaitSearch& search, std::uint64_t seed, std::uint64_t iterations,
                  const StopFlag& stop,
                  const std::function<void(Time, OutArray)>& on_improvement) {
    const nb::gil_scoped_release unlocked;
    return search.run(seed, iterations, stop, [&](Time value, std::span<const Time> at) {
        const nb::gil_scoped_acquire locked;
        on_improvement(value, copied(at));
    });
}

}  // namespace

void bind_no_wait(nb::module_& module) {
    nb::class_<Shop>(module, "NoWaitShop", "Sets of tasks at fixed times from one another.")
        .def(
            "__init__",
            [](Shop* self, InArray<Int> item, InArray<Int> machine, InArray<Int> offset,
               InArray<Int> length, InArray<Int> release, InArray<Int> span, InArray<Int> weight,
               InArray<Int> due, InArray<Int> least, InArray<Int> break_machine,
               InArray<Int> break_start, InArray<Int> break_end, bool total) {
                new (self) Shop({view(item), view(machine), view(offset), view(length),
                                 view(release), view(span), view(weight), view(due), view(least),
                                 view(break_machine), view(break_start), view(break_end), total});
            },
            "item"_a, "machine"_a, "offset"_a, "length"_a, "release"_a, "span"_a, "weight"_a,
            "due"_a, "least"_a, "break_machine"_a, "break_start"_a, "break_end"_a, "total"_a)
        .def("place", &place, "order"_a,
             "Starts of all items, each as early as those before it in the order allow; the value.");

    nb::class_<NoWaitSearch>(module, "NoWaitSearch",
                             "Iterated greedy search; run() may be called by several threads at "
                             "once, which share their best.")
        .def(nb::init<const Shop&>(), "shop"_a, nb::keep_alive<1, 2>())
        .def("run", &run, "seed"_a, "iterations"_a, "stop"_a, "on_improvement"_a,
             "One worker, until a limit or its stop flag; returns the number of places tried.")
        .def(
            "offer",
            [](NoWaitSearch& self, InArray<Int> start) {
                self.offer(checked_starts(self.shop(), start));
            },
            "start"_a, "Starts of all items to search from next.")
        .def(
            "raise_goal", [](NoWaitSearch& self, Int goal) { self.incumbent().raise_goal(goal); },
            "goal"_a, "A value that is good enough, as a lower bound is: workers stop there.");
}

}  // namespace headway
