#include "simulate/dispatch/binding.hpp"

#include <nanobind/stl/function.h>

#include <stdexcept>

#include "simulate/dispatch/beam.hpp"
#include "simulate/dispatch/passes.hpp"
#include "simulate/dispatch/rule.hpp"
#include "simulate/dispatch/shop.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace simulate::dispatch;
using search::StopFlag;

using Listener = std::function<void(Time, OutArray)>;

// Calls Python with each better schedule.
OnImprovement told(const Listener& listener) {
    return [&](Time value, std::span<const Time> start) {
        const nb::gil_scoped_acquire locked;
        listener(value, to_numpy(std::vector<Int>(start.begin(), start.end())));
    };
}

// Makespans of greedy passes, one per row of weights.
OutArray makespans(const Shop& shop, InArray<double> weights, InArray<double> delta) {
    const Reals rows = view(weights), deltas = view(delta);
    if (rows.size() != deltas.size() * N_FEATURES) {
        throw std::invalid_argument("makespans: one row of weights is expected per delta");
    }
    std::vector<Int> values;
    {
        const nb::gil_scoped_release unlocked;
        const StopFlag never;
        for (std::size_t k = 0; k < deltas.size(); ++k) {
            const Rule rule(rows.subspan(k * N_FEATURES, N_FEATURES), deltas[k]);
            Dispatcher dispatcher(shop, rule, never);
            State state(shop);
            dispatcher.complete(state, FOREVER);
            values.push_back(state.makespan());
        }
    }
    return to_numpy(std::move(values));
}

}  // namespace

void bind_dispatch(nb::module_& module) {
    nb::class_<Shop>(module, "DispatchShop", "A job shop as dispatching rules see it.")
        .def(
            "__init__",
            [](Shop* self, InArray<Int> ptr, InArray<Int> machine, InArray<Int> duration,
               InArray<Int> release) {
                new (self) Shop({view(ptr), view(machine), view(duration), view(release)});
            },
            "ptr"_a, "machine"_a, "duration"_a, "release"_a)
        .def_prop_ro("bound", &Shop::bound, "The longest job or the heaviest machine.")
        .def("makespans", &makespans, "weights"_a, "delta"_a,
             "Makespans of greedy passes, one per row of weights.");

    nb::enum_<Key>(module, "DispatchKey", "Classic dispatching rules.")
        .value("SPT", Key::SPT)
        .value("LPT", Key::LPT)
        .value("MWKR", Key::MWKR)
        .value("LWKR", Key::LWKR)
        .value("LTAIL", Key::LTAIL)
        .value("MOPNR", Key::MOPNR)
        .value("LOPNR", Key::LOPNR)
        .value("FDD_MWKR", Key::FDD_MWKR)
        .value("FIFO", Key::FIFO)
        .value("RANDOM", Key::RANDOM);

    nb::class_<Rule>(module, "DispatchRule", "What decides which operation is next.")
        .def(nb::init<Key, double>(), "key"_a, "delta"_a)
        .def(
            "__init__",
            [](Rule* self, InArray<double> weights, double delta) {
                new (self) Rule(view(weights), delta);
            },
            "weights"_a, "delta"_a);

    module.def(
        "dispatch_sampled",
        [](const Shop& shop, const Rule& rule, Int passes, double temperature, double spread,
           double share, bool noisy_first, std::uint64_t seed, const StopFlag& stop,
           const Listener& on_improvement) {
            const nb::gil_scoped_release unlocked;
            return Dispatcher(shop, rule, stop)
                .sample({passes, temperature, spread, share, noisy_first, seed},
                        told(on_improvement));
        },
        "shop"_a, "rule"_a, "passes"_a, "temperature"_a, "spread"_a, "share"_a, "noisy_first"_a,
        "seed"_a, "stop"_a, "on_improvement"_a,
        "The best of several passes with noise; returns how many were made.");

    module.def(
        "dispatch_beam",
        [](const Shop& shop, const Rule& rule, Int width, Int breadth, const StopFlag& stop,
           const Listener& on_improvement) {
            const nb::gil_scoped_release unlocked;
            Dispatcher dispatcher(shop, rule, stop);
            return beam(dispatcher, width, breadth, stop, told(on_improvement));
        },
        "shop"_a, "rule"_a, "width"_a, "breadth"_a, "stop"_a, "on_improvement"_a,
        "Partial schedules judged by greedy ends; returns how many passes were made.");
}

}  // namespace headway
