#include "simulate/binding.hpp"

#include <algorithm>
#include <stdexcept>

#include "search/control.hpp"
#include "simulate/score.hpp"
#include "simulate/servers/farm.hpp"
#include "simulate/servers/learner.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace simulate;
using namespace simulate::servers;

using Table = nb::ndarray<nb::numpy, double, nb::ndim<2>>;
using OutReals = nb::ndarray<nb::numpy, double, nb::ndim<1>>;

constexpr std::size_t TASKS_PER_LOOK = 4096;  // between two looks at the stop flag

Table columns(const Farm& farm) {
    if (!farm.is_waiting()) {
        throw std::invalid_argument("servers: no task has arrived");
    }
    const std::size_t n = farm.n_machines();
    auto* kept = new std::vector<double>(n * N_COLUMNS);
    nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<double>*>(p); });
    for (std::size_t k = 0; k < n; ++k) {
        for (std::size_t c = 0; c < N_COLUMNS; ++c) {
            (*kept)[k * N_COLUMNS + c] = farm.column(static_cast<Column>(c), k);
        }
    }
    return Table(kept->data(), {n, N_COLUMNS}, owner);
}

template <class Choose>
void run(Farm& farm, const search::StopFlag& stop, Choose choose) {
    while (farm.arrive()) {
        farm.assign(choose());
        if (farm.task() % TASKS_PER_LOOK == 0 && stop.is_set()) {
            return;
        }
    }
}

void run_score(Farm& farm, const Score& given, const search::StopFlag& stop) {
    Score score = given;
    if (std::ranges::any_of(score.columns(),
                            [](Int c) { return c >= static_cast<Int>(N_COLUMNS); })) {
        throw std::invalid_argument("servers: the score reads columns of another world");
    }
    const nb::gil_scoped_release unlocked;
    run(farm, stop, [&] {
        const auto of = [&](std::size_t machine) {
            return score([&](Int c) { return farm.column(static_cast<Column>(c), machine); });
        };
        std::size_t best = 0;
        double top = of(0);
        for (std::size_t k = 1; k < farm.n_machines(); ++k) {
            const double value = of(k);
            if (beats(value, top)) {
                best = k;
                top = value;
            }
        }
        return best;
    });
}

void run_learner(Farm& farm, Learner& learner, const search::StopFlag& stop) {
    learner.begin(farm);
    const nb::gil_scoped_release unlocked;
    run(farm, stop, [&] { return learner.choose(farm); });
    learner.credit(farm);
}

OutArray gathered(const std::vector<Outcome>& of, Int Outcome::* field) {
    std::vector<Int> values;
    values.reserve(of.size());
    for (const Outcome& outcome : of) {
        values.push_back(outcome.*field);
    }
    return to_numpy(std::move(values));
}

OutReals reals(const std::vector<double>& values) {
    auto* kept = new std::vector<double>(values);
    nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<double>*>(p); });
    return OutReals(kept->data(), {kept->size()}, owner);
}

}  // namespace

void bind_servers(nb::module_& module) {
    nb::class_<Farm>(module, "ServerFarm", "Machines with queues, and the tasks sent to them.")
        .def(
            "__init__",
            [](Farm* self, InArray<Int> arrival, InArray<Int> size, InArray<Int> believed,
               InArray<Int> home, InArray<Int> speed, InArray<Int> declared,
               InArray<Int> change_time, InArray<Int> change_machine, InArray<Int> change_speed,
               double mean, std::uint64_t seed) {
                new (self) Farm({view(arrival), view(size), view(believed), view(home),
                                 view(speed), view(declared), view(change_time),
                                 view(change_machine), view(change_speed), mean},
                                seed);
            },
            "arrival"_a, "size"_a, "believed"_a, "home"_a, "speed"_a, "declared"_a,
            "change_time"_a, "change_machine"_a, "change_speed"_a, "mean"_a, "seed"_a)
        .def("arrive", &Farm::arrive,
             "Move on to the next arrival; at the end, finish all work and return False.")
        .def("columns", &columns, "What the machines look like, a row each.")
        .def("assign", &Farm::assign, "machine"_a, "Send the task that has arrived to a machine.")
        .def("run", &run_score, "score"_a, "stop"_a, "Let a score decide until the end.")
        .def("learn", &run_learner, "learner"_a, "stop"_a, "Let a table decide until the end.")
        .def(
            "clone", [](const Farm& self) { return Farm(self); }, "A copy that goes on by itself.")
        .def_prop_ro("now", &Farm::now)
        .def_prop_ro("task", &Farm::task)
        .def(
            "outcomes",
            [](const Farm& self) {
                const auto& of = self.outcomes();
                return nb::make_tuple(gathered(of, &Outcome::machine), gathered(of, &Outcome::start),
                                      gathered(of, &Outcome::end));
            },
            "Of each task: machine, start and end, -1 if that is to come.");

    nb::class_<Learner>(module, "ServerLearner", "A table of values, learned from responses.")
        .def(
            "__init__",
            [](Learner* self, bool joint, InArray<Int> group, InArray<double> levels,
               InArray<double> sizes, InArray<double> loads, InArray<double> alpha,
               double first_epsilon, double last_epsilon, Int exploring, bool learns, double margin,
               Int window, InArray<double> values, InArray<Int> visits, std::uint64_t seed) {
                const auto machines = static_cast<std::size_t>(group.size());
                new (self) Learner({joint, view(group), view(levels), view(sizes), view(loads),
                                    view(alpha), first_epsilon, last_epsilon, exploring, learns,
                                    margin, window, view(values), view(visits)},
                                   machines, seed);
            },
            "joint"_a, "group"_a, "levels"_a, "sizes"_a, "loads"_a, "alpha"_a, "first_epsilon"_a,
            "last_epsilon"_a, "exploring"_a, "learns"_a, "margin"_a, "window"_a, "values"_a,
            "visits"_a, "seed"_a)
        .def(
            "values", [](const Learner& self) { return reals(self.values()); },
            "The table, by row.")
        .def(
            "visits", [](const Learner& self) { return to_numpy(std::vector<Int>(self.visits())); },
            "How often each row was credited.")
        .def_prop_ro("distrusted", &Learner::distrusted);
}

}  // namespace headway
