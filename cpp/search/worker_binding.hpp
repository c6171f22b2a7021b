// What all searches offer to Python in the same way.
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "arrays.hpp"
#include "search/control.hpp"

namespace headway {

// Starts of n tasks, or items, from Python.
inline std::vector<Int> checked_starts(Ints start, std::int32_t n) {
    if (start.size() != static_cast<std::size_t>(n)) {
        throw std::invalid_argument("start: one number per task is expected");
    }
    if (std::ranges::any_of(start, [](Int s) { return s < 0 || s >= FOREVER; })) {
        throw std::invalid_argument("start: times are to be from 0 up to 2^60");
    }
    return {start.begin(), start.end()};
}

// Defines `run`, which passes the value of each improvement on and copies of the columns that
// describe it, and `raise_goal`.
template <class Search>
void bind_worker(nb::class_<Search>& bound, const char* run_doc) {
    using namespace nb::literals;
    bound
        .def(
            "run",
            [](Search& self, std::uint64_t seed, std::uint64_t iterations,
               const search::StopFlag& stop, const nb::callable& on_improvement) {
                const nb::gil_scoped_release unlocked;
                return self.run(seed, iterations, stop, [&](Int value, const auto&... columns) {
                    const nb::gil_scoped_acquire locked;
                    on_improvement(value, copied(columns)...);
                });
            },
            "seed"_a, "iterations"_a, "stop"_a, "on_improvement"_a, run_doc)
        .def(
            "raise_goal", [](Search& self, Int goal) { self.incumbent().raise_goal(goal); },
            "goal"_a, "A value that is good enough, as a lower bound is: workers stop there.");
}

}  // namespace headway
